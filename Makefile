# What a contributor or CI runs. `make demo` and `make test` install what they need on Debian and Ubuntu.

SWIFT ?= swift
CONFIGURATION ?= debug
BIN = .build/$(CONFIGURATION)

.PHONY: help build sidecar postern images demo try test e2e e2e-faults bench bench-admission bench-provisioning bench-memory bench-cluster fuzz fuzz-smoke lint format clean

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build both programs
	scripts/install-packages build
	$(SWIFT) build -c $(CONFIGURATION) --product postern
	$(SWIFT) build -c $(CONFIGURATION) --product postern-sidecar

sidecar: ## The sidecar as it ships: .build/shipped/postern-sidecar
	scripts/install-packages sidecar
	SWIFT="$(SWIFT)" scripts/build-sidecar

postern: ## The command as it ships: .build/shipped/postern
	scripts/install-packages build sidecar
	SWIFT="$(SWIFT)" scripts/build-postern

images: postern sidecar ## OCI images of both, in .build/images, without a daemon
	scripts/install-packages images
	scripts/build-images

demo: ## From a labelled manifest to a provisioned Postgres, with no cluster
	@scripts/install-packages build demo
	@$(SWIFT) build -c $(CONFIGURATION) --product postern --quiet
	@$(SWIFT) build -c $(CONFIGURATION) --product postern-sidecar --quiet
	@$(BIN)/postern try Examples/acme.yaml --once

try: build ## The same, staying: save Examples/acme.yaml and see it applied
	@$(BIN)/postern try Examples/acme.yaml

# No more tests at once than cores: they hold real servers and real deadlines, and each blocks a thread.
RUN_TESTS = POSTERN_TEST_POSTGRES="$$(scripts/test-postgres --print)" $(SWIFT) test --skip-build \
	--experimental-maximum-parallelization-width 2

# K8S_BIN=FOLDER: the Kubernetes client's also against the kube-apiserver there (and the etcd on the PATH).
test: ## Every test, against real Postgres servers (15 to 18) and the real TLS server; the programs' also as they ship
	scripts/install-packages build sidecar demo test
	scripts/test-postgres
	$(SWIFT) build --build-tests
	scripts/check-package-versions
	$(RUN_TESTS)
	SWIFT="$(SWIFT)" scripts/build-sidecar
	SWIFT="$(SWIFT)" scripts/build-postern
	POSTERN_TEST_PROGRAMS="$(CURDIR)/.build/shipped" $(RUN_TESTS) --filter 'Sidecar(Program)?Tests/|PosternTests\.'

e2e: postern sidecar ## A user's whole way on a real cluster of one node; needs Kubernetes' server programs in K8S_BIN
	scripts/install-packages images e2e
	Tests/EndToEnd/run

e2e-faults: postern sidecar ## There too, some minutes: what goes wrong in a cluster, 500 customers at once, the overlays
	scripts/install-packages images e2e
	Tests/EndToEnd/faults
	Tests/EndToEnd/overlays

SIDECAR ?= .build/shipped/postern-sidecar

bench: bench-admission bench-provisioning ## What follows

# PEER: another webhook's command, with {port}, {cert} and {key}; PEER_PATH: where it takes Pods; PEER_NAME.
export PEER PEER_PATH PEER_NAME
POSTERN ?= .build/shipped/postern

bench-admission: postern ## The webhook as it ships: CPU of a review, latency, memory; PEER="…": beside another
	scripts/install-packages bench
	scripts/bench-admission --postern $(POSTERN) --output docs/benchmarks/admission.md

bench-provisioning: sidecar ## Provisioning, by the sidecar as it ships, against a psql script; SIZES="10 100": how many users
	scripts/install-packages test
	scripts/bench-provisioning --sidecar $(SIDECAR) --output docs/benchmarks/provisioning.md $(SIZES)

bench-memory: sidecar ## The sidecar as it ships in 8 MiB of memory, against a psql script
	scripts/bench-sidecar-memory --users 1,100

bench-cluster: postern sidecar ## On a real cluster of one node, against the psql-sidecar way; needs K8S_BIN, as e2e does
	scripts/install-packages images e2e
	Tests/EndToEnd/compare --output docs/benchmarks/cluster.md

# RUNS inputs for each target; what breaks one is kept in its corpus, which `make test` replays.
RUNS ?= 1000000

fuzz: ## What takes bytes from outside, under libFuzzer
	scripts/install-packages build
	SWIFT="$(SWIFT)" scripts/fuzz $(RUNS)

SWIFT_SOURCES = Package.swift fuzz/Package.swift fuzz/Driver sidecar/Package.swift Sources Tests

lint: ## Layout of the sources, shell and Python scripts, and what the documents name
	scripts/install-packages lint
	SWIFT="$(SWIFT)" scripts/lint $(SWIFT_SOURCES)

format: ## Lay the Swift sources out
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

clean: ## Remove what was built
	rm -rf .build
