/** A perceptually ordered scale: lightness and hue move steadily, so that order is seen before it is read. */

const LIGHT_PAGE = { lightness: [0.36, 0.74], chroma: [0.15, 0.155], hue: [272, 420] };
const DARK_PAGE = { lightness: [0.6, 0.88], chroma: [0.17, 0.13], hue: [272, 440] };

/** `count` colours from dark blue over magenta to orange, made for a light or a dark page. */
export function ramp(count, dark) {
  const scale = dark ? DARK_PAGE : LIGHT_PAGE;
  return Array.from({ length: count }, (_, index) => {
    const place = count > 1 ? index / (count - 1) : 0.35;
    return hex(...["lightness", "chroma", "hue"].map((name) => between(scale[name], place)));
  });
}

/** The hexadecimal colour of a point in OKLCH (Ottosson 2020, "A perceptual color space"), cut to sRGB. */
export function hex(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return `#${linear.map(channel).join("")}`;
}

/** `colour` (#rrggbb or rgb()) with an opacity. */
export function faded(colour, opacity) {
  const parts = colour.startsWith("#")
    ? [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
    : colour.match(/[\d.]+/g).slice(0, 3);
  return `rgba(${parts.join(",")},${opacity})`;
}

const between = ([start, end], place) => start + (end - start) * place;

function channel(linear) {
  const cut = Math.min(1, Math.max(0, linear));
  const encoded = cut <= 0.0031308 ? 12.92 * cut : 1.055 * cut ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255).toString(16).padStart(2, "0");
}
