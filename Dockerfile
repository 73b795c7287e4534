# The full image has a C compiler, for the compiled steps of training.
FROM python:3.13 AS built
WORKDIR /opt/backsweep
COPY requirements/runtime.lock requirements/
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY service service
COPY worker worker
COPY migrations migrations
COPY client client
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index --editable .

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BACKSWEEP_HOME=/var/lib/backsweep
RUN useradd --system --create-home --home-dir /var/lib/backsweep backsweep
WORKDIR /opt/backsweep
COPY --from=built /usr/local /usr/local
COPY --from=built /opt/backsweep /opt/backsweep
USER backsweep
EXPOSE 8765
CMD ["backsweep", "serve"]
