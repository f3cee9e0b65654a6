# What contributors and CI run. Each target installs what it needs on Debian and Ubuntu. `make help` lists the targets.

SWIFT ?= swift
CONFIGURATION ?= debug
BIN = .build/$(CONFIGURATION)

.PHONY: help build sidecar sidecar-arm64 postern profile images demo try test test-shipped e2e e2e-faults e2e-rotation bench bench-admission bench-provisioning bench-memory bench-cluster bench-told bench-upgrade bench-hostile bench-large-cluster bench-scale bench-instructions fuzz chart docs lint format clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build both programs
	scripts/install-packages build
	$(SWIFT) build -c $(CONFIGURATION) --product postern
	$(SWIFT) build -c $(CONFIGURATION) --product postern-sidecar

sidecar: ## Build the sidecar as it ships: .build/shipped/postern-sidecar
	scripts/install-packages sidecar
	SWIFT="$(SWIFT)" scripts/build-sidecar

# A wrapper runs the program in QEMU, for the tests that run it.
sidecar-arm64: ## Build the sidecar for ARM64 on another machine, and run its tests in QEMU
	scripts/install-packages build sidecar arm64 test
	SWIFT="$(SWIFT)" scripts/build-sidecar arm64
	mkdir -p .build/qemu
	printf '#!/bin/sh\nexec qemu-aarch64-static "%s" "$$@"\n' "$(CURDIR)/.build/shipped/arm64/postern-sidecar" >.build/qemu/postern-sidecar
	chmod +x .build/qemu/postern-sidecar
	scripts/test-postgres
	$(SWIFT) build --build-tests
	POSTERN_TEST_PROGRAMS="$(CURDIR)/.build/qemu" SWIFT="$(SWIFT)" scripts/run-tests --filter 'Sidecar(Login|Program)?Tests/'

postern: ## Build the command as it ships: .build/shipped/postern
	scripts/install-packages build sidecar
	SWIFT="$(SWIFT)" scripts/build-postern

profile: ## Count what the webhook does with the tests' reviews, and write scripts/postern.profdata, by which `make postern` compiles
	scripts/install-packages build sidecar
	SWIFT="$(SWIFT)" scripts/make-profile

images: postern sidecar ## Build OCI images of both in .build/images, without a daemon; ARM64=1: the sidecar's for ARM64, too
	scripts/install-packages images $(if $(ARM64),arm64)
	$(if $(ARM64),SWIFT="$(SWIFT)" scripts/build-sidecar arm64)
	ARM64="$(ARM64)" scripts/build-images

demo: ## Go from one file to a provisioned Postgres and an application's first query, without a cluster
	@scripts/install-packages build demo
	@SWIFT="$(SWIFT)" scripts/build-demo
	@.build/demo/debug/postern-demo try Examples/shop.yaml -- psql -c 'INSERT INTO invoice (total) VALUES (9.90) RETURNING *'

try: build ## Do the same and stay: save Examples/acme.yaml and see it applied
	@$(BIN)/postern try Examples/acme.yaml

# With K8S_BIN=FOLDER, tests of the Kubernetes client also run against the kube-apiserver in that folder, with the etcd on the PATH.
test: ## Run every test, on Postgres 15 to 18
	scripts/install-packages build demo test chart
	scripts/test-postgres
	$(SWIFT) build --build-tests
	scripts/check-package-versions
	scripts/kubernetes-clients
	scripts/python-tools
	scripts/make-reference --check --postern .build/debug/postern
	"$$(scripts/python-tools --print)" scripts/check-examples .build/debug/postern
	SWIFT="$(SWIFT)" scripts/run-tests

test-shipped: sidecar postern ## Run the programs' tests on the builds that ship, and count their instructions
	scripts/install-packages build demo test
	scripts/test-postgres
	$(SWIFT) build --build-tests
	POSTERN_TEST_PROGRAMS="$(CURDIR)/.build/shipped" SWIFT="$(SWIFT)" scripts/run-tests --filter 'Sidecar(Login|Program)?Tests/|PosternTests\.'
	scripts/bench-instructions --check

e2e: postern sidecar ## Go a user's whole way on a real cluster of one node; needs Kubernetes' server programs in K8S_BIN
	scripts/install-packages images e2e
	Tests/EndToEnd/run

e2e-faults: postern sidecar ## Break things on that cluster, apply 500 customers at once, try the overlays; some minutes
	scripts/install-packages images e2e
	Tests/EndToEnd/faults
	Tests/EndToEnd/overlays

e2e-rotation: postern sidecar ## Let a password turn on that cluster while what does the work is killed; half an hour
	scripts/install-packages images e2e
	Tests/EndToEnd/rotation

SIDECAR ?= .build/shipped/postern-sidecar

bench: bench-admission bench-provisioning ## Run bench-admission and bench-provisioning

# PEER is the command of another webhook, with {port}, {cert} and {key}. PEER_PATH is where it takes Pods. PEER_NAME is its name.
export PEER PEER_PATH PEER_NAME
POSTERN ?= .build/shipped/postern

bench-admission: postern ## Measure the webhook that ships: CPU, latency, memory; PEER="…" compares it with another
	scripts/install-packages bench
	scripts/bench-admission --postern $(POSTERN) --output docs/benchmarks/admission.md

bench-hostile: postern ## The webhook as it ships, under what nobody honest sends: memory, and the delay of ordinary reviews
	scripts/install-packages bench
	scripts/bench-hostile --postern $(POSTERN) --output docs/benchmarks/hostile.md

bench-large-cluster: postern ## Postern as it ships on a full cluster: 60,000 objects of others, 10,000 customers; needs K8S_BIN; ten minutes
	scripts/install-packages bench
	scripts/bench-large-cluster --postern $(POSTERN) --output docs/benchmarks/large-cluster.md

bench-scale: postern ## How the controller grows from 100 to 10,000 customers, with a plot; needs K8S_BIN; a quarter of an hour
	scripts/install-packages bench
	scripts/bench-scale --postern $(POSTERN) --output docs/benchmarks/scale.md

bench-instructions: postern ## Count the instructions of a review by the webhook as it ships, and write them down
	scripts/install-packages test
	scripts/bench-instructions --postern $(POSTERN) --output docs/benchmarks/instructions.md

bench-provisioning: sidecar ## Measure the sidecar that ships against a psql script; SIZES="10 100" says how many users
	scripts/install-packages test
	scripts/bench-provisioning --sidecar $(SIDECAR) --output docs/benchmarks/provisioning.md $(SIZES)

bench-memory: sidecar ## Measure the sidecar that ships in 8 MiB of memory, against a psql script
	scripts/bench-sidecar-memory --users 1,100

bench-cluster: postern sidecar ## Measure on a real cluster of one node, against a psql sidecar; needs K8S_BIN, as e2e does
	scripts/install-packages images e2e
	Tests/EndToEnd/compare --output docs/benchmarks/cluster.md

bench-told: postern sidecar ## Measure on that cluster how soon a change, or its refusal by Postgres, is told
	scripts/install-packages images e2e
	Tests/EndToEnd/told --output docs/benchmarks/told.md

bench-upgrade: postern sidecar ## Upgrade the sidecars of 20 customers under pgbench's load on that cluster, and count what fails
	scripts/install-packages images e2e
	Tests/EndToEnd/upgrade --output docs/benchmarks/upgrade.md

# Each fuzz target gets RUNS inputs. An input that breaks one is kept in its corpus, which `make test` replays.
RUNS ?= 1000000

fuzz: ## Fuzz the parsers that read bytes from outside; RUNS=5000 says how many inputs each gets
	scripts/install-packages build
	SWIFT="$(SWIFT)" scripts/fuzz $(RUNS)

# With K8S_BIN=FOLDER, also on the kube-apiserver in that folder, with the etcd on the PATH.
chart: ## Check the Helm chart: the same objects as webhook-config, lint, values, schema; half a minute at most
	@scripts/install-packages chart
	@scripts/kubernetes-clients
	@scripts/python-tools
	"$$(scripts/python-tools --print)" scripts/check-chart

docs: ## Build the documentation's site in .build/site/html; a link that leads nowhere ends it
	@scripts/install-packages docs
	@scripts/python-tools
	@"$$(scripts/python-tools --print)" scripts/make-site

SWIFT_SOURCES = Package.swift demo/Demo.swift fuzz/Package.swift fuzz/Driver sidecar/Package.swift Sources Tests

lint: ## Check the layout of the sources, shell and Python scripts, and what the documents name
	scripts/install-packages lint
	SWIFT="$(SWIFT)" scripts/lint $(SWIFT_SOURCES)

format: ## Lay the Swift sources out
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

clean: ## Remove what was built
	rm -rf .build
