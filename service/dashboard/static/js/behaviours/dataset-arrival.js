/** Leads to the page of a dataset as soon as it has been uploaded. */

export default function datasetArrival(element) {
  element.addEventListener("backsweep:dataset", ({ detail }) => {
    location.assign(`/datasets/${encodeURIComponent(detail.id ?? detail.name)}`);
  });
}
