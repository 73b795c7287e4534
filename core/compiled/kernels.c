/* The steps of training small networks, compiled; core/compiled/library.py loads this, if it could be built.
 *
 * Plain C without Python's headers. Each kind of numbers (float, double) and vectors (AVX-512, AVX2, NEON) has
 * its own copy of products.inc and steps.inc; the loader asks which kinds the processor has. On a processor
 * with none of them there is nothing here, and NumPy does the work.
 */

#include <math.h>
#include <stdint.h>

struct step {
    int64_t code, m, n, k;
    void *a;
    int64_t a_run, a_row, a_column;
    void *b;
    int64_t b_run, b_row, b_column;
    void *c;
    int64_t c_run, c_row;
    void *d;
    int64_t d_run;
    int64_t then; /* what is done to a product on its way; PRODUCT for nothing */
    void *bias;   /* of the product's columns; null: none */
    int64_t bias_run;
    const int64_t *classes; /* of the examples */
    int64_t classes_run;
    const void *weights; /* what an example of each class counts; null: 1 */
    int64_t weights_run;
    const int64_t *a_of_run, *b_of_run; /* which a and b belong to a run; null: its own */
    const void *first, *second, *third, *fourth; /* numbers of each run */
    void *sums;                                  /* one number of each run */
    int64_t *hits;                               /* likewise */
};

/* What differs between the batches that a program is run for: before each, fields of the table of steps, counted
 * in eight bytes, become its values (count, changes). */
struct batches {
    int64_t count, changes;
    const int64_t *places, *values;
};

enum code {
    PRODUCT, RELU, RELU_SLOPE, ADD_TO_COLUMNS, DESCEND, MOMENTUM, NESTEROV, ADAM, SQUARED_ERROR,
    CROSS_ENTROPY
};
enum kind { AVX2 = 1, AVX512 = 2, NEON = 3 };

#define ROWS_OF_ONE 12 /* of a tile that is one vector wide; ROWS of one that is two */
#define CONCATENATED(name, kind) name##_##kind
#define NAMED(name, kind) CONCATENATED(name, kind)
#define NAME(name) NAMED(name, KIND)

static volatile int32_t halted; /* set by another thread than the one that is in a product */

/* e^r by Taylor's series around 0, the highest term first: where |r| <= ln(2) / 2 what is left out is below half a
 * unit of the last place. LN2_HIGH has so few digits that a multiple of it is exact. */
static const float FLOAT_POWER_TERMS[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 1.0f / 2, 1.0f, 1.0f};
static const double DOUBLE_POWER_TERMS[] = {
    1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1.0, 1.0};

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define ROWS 6
#define MASK __m256i
static const int32_t BELOW_8[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t BELOW_4[8] = {-1, -1, -1, -1};

static inline __attribute__((always_inline)) TARGET void turn_8x8(
    const float *from, int64_t from_row, float *to, int64_t to_row)
{
    __m256 row[8], pair[8];
    for (int i = 0; i < 8; i++)
        row[i] = _mm256_loadu_ps(from + i * from_row);
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        row[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        row[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xEE);
        row[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        row[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_ps(to + i * to_row, _mm256_permute2f128_ps(row[i], row[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * to_row, _mm256_permute2f128_ps(row[i], row[i + 4], 0x31));
    }
}

static inline __attribute__((always_inline)) TARGET void turn_4x4(
    const double *from, int64_t from_row, double *to, int64_t to_row)
{
    __m256d row[4], pair[4];
    for (int i = 0; i < 4; i++)
        row[i] = _mm256_loadu_pd(from + i * from_row);
    for (int i = 0; i < 4; i += 2) {
        pair[i] = _mm256_unpacklo_pd(row[i], row[i + 1]);
        pair[i + 1] = _mm256_unpackhi_pd(row[i], row[i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        _mm256_storeu_pd(to + i * to_row, _mm256_permute2f128_pd(pair[i], pair[i + 2], 0x20));
        _mm256_storeu_pd(to + (i + 2) * to_row, _mm256_permute2f128_pd(pair[i], pair[i + 2], 0x31));
    }
}

#define KIND float_avx2
#define NUMBER float
#include "floats.inc"
#define VECTOR __m256
#define WIDTH 8
#define SIDE 8
#define TURN turn_8x8
#define MASK_OF(count) _mm256_loadu_si256((const __m256i *)(BELOW_8 + 8 - (count)))
#define ZERO _mm256_setzero_ps
#define SPREAD _mm256_set1_ps
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define LOAD_PART _mm256_maskload_ps
#define STORE_PART _mm256_maskstore_ps
#define FMA _mm256_fmadd_ps
#define ADD _mm256_add_ps
#define SUBTRACT _mm256_sub_ps
#define MULTIPLY _mm256_mul_ps
#define ABOVE_ZERO(x) _mm256_and_ps(_mm256_cmp_ps(x, ZERO(), _CMP_NLE_UQ), x)
#define WHERE_POSITIVE(y, x) _mm256_and_ps(_mm256_cmp_ps(y, ZERO(), _CMP_GT_OQ), x)
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"

#define KIND double_avx2
#define NUMBER double
#include "doubles.inc"
#define VECTOR __m256d
#define WIDTH 4
#define SIDE 4
#define TURN turn_4x4
#define MASK_OF(count) _mm256_loadu_si256((const __m256i *)(BELOW_4 + 4 - (count)))
#define ZERO _mm256_setzero_pd
#define SPREAD _mm256_set1_pd
#define LOAD _mm256_loadu_pd
#define STORE _mm256_storeu_pd
#define LOAD_PART _mm256_maskload_pd
#define STORE_PART _mm256_maskstore_pd
#define FMA _mm256_fmadd_pd
#define ADD _mm256_add_pd
#define SUBTRACT _mm256_sub_pd
#define MULTIPLY _mm256_mul_pd
#define ABOVE_ZERO(x) _mm256_and_pd(_mm256_cmp_pd(x, ZERO(), _CMP_NLE_UQ), x)
#define WHERE_POSITIVE(y, x) _mm256_and_pd(_mm256_cmp_pd(y, ZERO(), _CMP_GT_OQ), x)
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"

#undef TARGET
#undef ROWS
#undef MASK
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define ROWS 8
#define STORE_PART_512(type, p, mask, v) _mm512_mask_storeu_##type(p, mask, v)

#define KIND float_avx512
#define NUMBER float
#include "floats.inc"
#define VECTOR __m512
#define WIDTH 16
#define SIDE 8
#define TURN turn_8x8
#define MASK __mmask16
#define MASK_OF(count) ((__mmask16)((1u << (count)) - 1u))
#define ZERO _mm512_setzero_ps
#define SPREAD _mm512_set1_ps
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define LOAD_PART(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE_PART(p, mask, v) STORE_PART_512(ps, p, mask, v)
#define FMA _mm512_fmadd_ps
#define ADD _mm512_add_ps
#define SUBTRACT _mm512_sub_ps
#define MULTIPLY _mm512_mul_ps
#define ABOVE_ZERO(x) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, ZERO(), _CMP_NLE_UQ), x)
#define WHERE_POSITIVE(y, x) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, ZERO(), _CMP_GT_OQ), x)
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"
#undef MASK

#define KIND double_avx512
#define NUMBER double
#include "doubles.inc"
#define VECTOR __m512d
#define WIDTH 8
#define SIDE 4
#define TURN turn_4x4
#define MASK __mmask8
#define MASK_OF(count) ((__mmask8)((1u << (count)) - 1u))
#define ZERO _mm512_setzero_pd
#define SPREAD _mm512_set1_pd
#define LOAD _mm512_loadu_pd
#define STORE _mm512_storeu_pd
#define LOAD_PART(p, mask) _mm512_maskz_loadu_pd(mask, p)
#define STORE_PART(p, mask, v) STORE_PART_512(pd, p, mask, v)
#define FMA _mm512_fmadd_pd
#define ADD _mm512_add_pd
#define SUBTRACT _mm512_sub_pd
#define MULTIPLY _mm512_mul_pd
#define ABOVE_ZERO(x) _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(x, ZERO(), _CMP_NLE_UQ), x)
#define WHERE_POSITIVE(y, x) _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(y, ZERO(), _CMP_GT_OQ), x)
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"
#undef MASK

#elif defined(__aarch64__)
#include <arm_neon.h>

#define TARGET
#define ROWS 6
#define MASK int /* how many numbers of a vector count */
#define MASK_OF(count) ((int)(count))

static inline float32x4_t load_part_4(const float *p, int count)
{
    float whole[4] = {0};
    for (int i = 0; i < count; i++)
        whole[i] = p[i];
    return vld1q_f32(whole);
}

static inline void store_part_4(float *p, int count, float32x4_t v)
{
    float whole[4];
    vst1q_f32(whole, v);
    for (int i = 0; i < count; i++)
        p[i] = whole[i];
}

static inline float64x2_t load_part_2(const double *p, int count)
{
    double whole[2] = {0};
    for (int i = 0; i < count; i++)
        whole[i] = p[i];
    return vld1q_f64(whole);
}

static inline void store_part_2(double *p, int count, float64x2_t v)
{
    double whole[2];
    vst1q_f64(whole, v);
    for (int i = 0; i < count; i++)
        p[i] = whole[i];
}

#define KIND float_neon
#define NUMBER float
#include "floats.inc"
#define VECTOR float32x4_t
#define WIDTH 4
#define ZERO() vdupq_n_f32(0)
#define SPREAD vdupq_n_f32
#define LOAD vld1q_f32
#define STORE vst1q_f32
#define LOAD_PART load_part_4
#define STORE_PART store_part_4
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#define ADD vaddq_f32
#define SUBTRACT vsubq_f32
#define MULTIPLY vmulq_f32
#define ABOVE_ZERO(x) vbslq_f32(vcleq_f32(x, ZERO()), ZERO(), x)
#define WHERE_POSITIVE(y, x) vbslq_f32(vcgtq_f32(y, ZERO()), x, ZERO())
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"

#define KIND double_neon
#define NUMBER double
#include "doubles.inc"
#define VECTOR float64x2_t
#define WIDTH 2
#define ZERO() vdupq_n_f64(0)
#define SPREAD vdupq_n_f64
#define LOAD vld1q_f64
#define STORE vst1q_f64
#define LOAD_PART load_part_2
#define STORE_PART store_part_2
#define FMA(a, b, c) vfmaq_f64(c, a, b)
#define ADD vaddq_f64
#define SUBTRACT vsubq_f64
#define MULTIPLY vmulq_f64
#define ABOVE_ZERO(x) vbslq_f64(vcleq_f64(x, ZERO()), ZERO(), x)
#define WHERE_POSITIVE(y, x) vbslq_f64(vcgtq_f64(y, ZERO()), x, ZERO())
#include "products.inc"
#include "losses.inc"
#include "steps.inc"
#include "forget.inc"
#endif

/* What is called in which way, and how steps are laid out: core/compiled/library.py uses no other than it knows. */
int32_t backsweep_interface(void)
{
    return 3;
}

/* Whether products end at once. Whoever asks for it throws away what they were to write. */
void backsweep_halt(int32_t now)
{
    halted = now;
}

/* Whether this processor has a kind of vectors. */
int32_t backsweep_has(int32_t kind)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return kind == AVX2 ? fused : kind == AVX512 ? fused && __builtin_cpu_supports("avx512f") : 0;
#elif defined(__aarch64__)
    return kind == NEON;
#else
    return 0;
#endif
}

/* Take every run through the steps, batch by batch. `scratch` holds 2 vectors for each of the largest k among
 * products whose B lies in columns. */
void backsweep_run(
    int32_t kind, int32_t size, struct step *steps, int64_t count, int64_t runs, const struct batches *batches,
    void *scratch)
{
#if defined(__x86_64__)
    if (kind == AVX2 && size == 4)
        program_float_avx2(steps, count, runs, batches, scratch);
    else if (kind == AVX2)
        program_double_avx2(steps, count, runs, batches, scratch);
    else if (kind == AVX512 && size == 4)
        program_float_avx512(steps, count, runs, batches, scratch);
    else if (kind == AVX512)
        program_double_avx512(steps, count, runs, batches, scratch);
#elif defined(__aarch64__)
    if (size == 4)
        program_float_neon(steps, count, runs, batches, scratch);
    else
        program_double_neon(steps, count, runs, batches, scratch);
#endif
}

/* What a product of one run has to be, number by number, by the C library's fma. */
void backsweep_expected(
    int32_t size, int64_t m, int64_t n, int64_t k, const void *a, const void *b, void *c)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float single = 0;
            double twice = 0;
            for (int64_t l = 0; l < k; l++) {
                if (size == 4)
                    single = fmaf(((const float *)a)[i * k + l], ((const float *)b)[l * n + j], single);
                else
                    twice = fma(((const double *)a)[i * k + l], ((const double *)b)[l * n + j], twice);
            }
            if (size == 4)
                ((float *)c)[i * n + j] = single;
            else
                ((double *)c)[i * n + j] = twice;
        }
}
