# make help

# C's assertions name their files: without the folder's name the same sources give the same program wherever they lie.
BUILD = swift build -c release --static-swift-stdlib --product made -Xcc '-ffile-prefix-map=$(CURDIR)/='
TEST = Tests/run
# What shares memory between threads, or is written in C.
SANITIZED = ^(MicrohttpdTests|CStaircaseTests|CRowsTests)\.|^DensityServiceTests\..*[Bb]atch

.PHONY: help serve build test test-all test-page test-examples test-clients test-cases bench soak quality lint api-check fuzz sanitize sanitize-thread sanitize-address dist image release prepare

help:
	@echo 'make serve     build, and serve the bundled models on http://127.0.0.1:8080; ARGS="--port 9000" passes more'
	@echo 'make build     build the program: .build/release/made'
	@echo 'make test      run the tests; ARGS="--filter MADETests" passes more'
	@echo 'make test-all  run what is longer too: test-page, test-examples, test-clients, test-cases, deploy/test'
	@echo 'make test-page test the web pages in Chromium, where there is one; ARGS="-k repair" selects'
	@echo 'make test-examples  build and run what is in Examples/, Python with packages from the network'
	@echo 'make test-clients  hold the service against clients from PyPI: kserve, tritonclient, mlserver, openapi-python-client'
	@echo 'make test-cases  train on small tables that went wrong elsewhere; CASES=FOLDER, ARGS="zeros units" selects'
	@echo 'make bench     measure against onnxruntime, PyTorch and FastAPI; ARGS="kernels sampling cells training requests cost" selects'
	@echo 'make soak      serve mixed load with 1,000 reloads for SECONDS=3600, and check answers, memory and descriptors'
	@echo 'make quality   train on real tables, and print the results beside the goals; DATA=FOLDER, ARGS="oneclass"'
	@echo 'make lint      check the format of the sources, and the links of the documentation'
	@echo 'make api-check compare the interface of the libraries with that of the newest release; ARGS=TAG with another'
	@echo 'make fuzz      run the fuzz targets for SECONDS=60 each under libFuzzer; TARGETS="json csv" selects'
	@echo 'make sanitize  run what is threaded or written in C under the thread and the address sanitizer'
	@echo 'make dist      build dist/: a Debian package and a tarball'
	@echo 'make image     build the container image with labels, and its bill of materials in dist/'
	@echo 'make release   tag the version, with its section of CHANGELOG.md'

serve: build
	@exec .build/release/made serve $(ARGS)

build: prepare
	@$(BUILD) >&2

test: prepare
	@$(TEST) $(ARGS)

test-all: test test-examples test-page test-clients test-cases
	@deploy/test

test-page: build
	@Tests/Page/run .build/release/made $(ARGS)

test-examples: prepare
	@Tests/Examples/run

test-clients: build
	@Tests/Clients/run .build/release/made

test-cases: build
	@CASES='$(CASES)' Tests/Cases/run .build/release/made $(ARGS)

bench: prepare
	@python3 Benchmarks/driver/bench.py $(ARGS)

soak: build
	@python3 Benchmarks/driver/soak.py .build/release/made --seconds $(or $(SECONDS),3600) $(ARGS)

quality: prepare
	@DATA='$(DATA)' python3 Benchmarks/quality/quality.py $(ARGS)

lint:
	swift format lint --strict -r Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift \
		Examples/Sources Examples/Package.swift
	.ci/docs-links

api-check: prepare
	@.ci/api-check $(ARGS)

fuzz: prepare
	@Tests/Fuzzing/run $(or $(SECONDS),60) $(TARGETS)

sanitize: sanitize-thread sanitize-address

# Each in a folder of its own: SwiftPM would rebuild everything at each change of sanitizer.
sanitize-thread: prepare
	SANITIZED_BUILD=1 TSAN_OPTIONS=suppressions=$(CURDIR)/Tests/thread-sanitizer.supp $(TEST) --sanitize=thread --scratch-path .build-tsan --filter '$(SANITIZED)'

sanitize-address: prepare
	SANITIZED_BUILD=1 LSAN_OPTIONS=suppressions=$(CURDIR)/Tests/leak-sanitizer.supp $(TEST) --sanitize=address --scratch-path .build-asan --filter '$(SANITIZED)'

dist: build
	@deploy/package/build .build/release/made dist

image:
	@deploy/package/image $(ARGS)

release:
	@.ci/release

prepare:
	@sh .ci/prepare
