# docker build -t ganaug . && docker run --rm -v "$PWD:/data" ganaug synth --class 3 --n 100 --out synthetic
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE CHANGELOG.md CITATION.cff ./
COPY ganaug ganaug
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
# The CPU's torch: a tenth of the size.
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PIP_NO_CACHE_DIR=1
RUN --mount=from=build,source=/wheels,target=/wheels \
    pip install torch torchvision --index-url https://download.pytorch.org/whl/cpu \
    && pip install "$(echo /wheels/ganaug-*.whl)[all]"
RUN useradd --create-home user
USER user
WORKDIR /data
ENTRYPOINT ["ganaug"]
CMD ["--help"]
