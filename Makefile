# make run   builds everything and starts Pratique with its defaults.
# make test  runs everything that can be tested, installing what it needs.
# Both work on a fresh Debian or Ubuntu machine with Go; see scripts/install.

SHELL   := /bin/bash
SHARED  ?= ../shared
CACHE   ?= $(CURDIR)/.cache
IMAGES  := $(CACHE)/images
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

export CGO_ENABLED := 0
export GOFLAGS     := -buildvcs=false
# Where tests and benchmarks find real images and the whole advisory data. A
# test that lacks something is skipped and says so, but in CI it fails.
export PRATIQUE_IMAGES      := $(IMAGES)
export PRATIQUE_DATA_SET    := $(abspath $(SHARED))/data
export PRATIQUE_TOOLS       := $(CACHE)/bin
export PRATIQUE_REQUIRE_ALL ?= $(if $(CI),1,)

.PHONY: run build console test bench gen verify lint fuzz race clean install-run install-test images tools

run: install-run console build
	./bin/pratique serve

# The console is part of what is built if make console was there before. That
# needs Node; nothing else here does.
build:
	@[ -f internal/console/dist/build/index.html ] || echo "build: without the web console; make console builds it"
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/pratique ./cmd/pratique

console:
	@CACHE=$(CACHE) scripts/console build

install-run:
	@scripts/install run

install-test:
	@scripts/install test

test: install-test tools images console build verify lint
	scripts/test
	CACHE=$(CACHE) scripts/console test

# Real clients and checkers come from a module of their own, so that none of
# them is a dependency of the program.
tools:
	@scripts/tools $(CACHE)/bin

# Real images, built once and kept.
TEST_IMAGES  := debian12-minbase debian12-node debian12-java debian12-python
BENCH_IMAGES := $(TEST_IMAGES) debian12-big

images:
	@SHARED=$(SHARED) CACHE=$(CACHE) scripts/images $(TEST_IMAGES)

bench: install-test build
	@SHARED=$(SHARED) CACHE=$(CACHE) scripts/images $(BENCH_IMAGES)
	@SHARED=$(SHARED) CACHE=$(CACHE) scripts/bench $(BENCH_IMAGES)

gen:
	UPDATE=1 go test -run "TestLinkedModules|TestFailurePage" . ./internal/catalog
	go test ./internal/api ./internal/report/render -run "OpenAPI|Golden" -update
	go test ./cmd/pratique -run TestExampleReport -update
	CACHE=$(CACHE) scripts/console gen

verify:
	go mod verify >/dev/null
	go mod tidy -diff
	CACHE=$(CACHE) scripts/console check

lint: tools
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	$(CACHE)/bin/staticcheck ./...

# What fuzzing finds depends on luck, and a change is judged by what it is: so
# make test runs the inputs kept with each fuzz target, and this looks for more.
fuzz:
	scripts/fuzz 60s

race:
	CGO_ENABLED=1 go test -race -timeout 30m ./internal/...

clean:
	rm -rf bin $(CACHE) internal/console/dist/build internal/console/web/node_modules
