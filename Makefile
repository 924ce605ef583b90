# The door: every target installs what it needs on Debian and Ubuntu, and says what is missing elsewhere.
SETUP := ./scripts/setup.sh
OUT   ?= out
# Where `make install` puts the C and Fortran interfaces.
PREFIX ?= /usr/local
# A release build for any x86-64; hot loops choose AVX2 or AVX-512 at run time (docs/decisions).
CARGO ?= cargo
# What the tests may not do without: a test that needs it and does not find it fails instead of saying "not run".
REQUIRE := host-cuda,wgpu,nvrtc,eccodes,hdf5,c,fortran,python,zarr,fdb,mpi,nats
# Seconds for each fuzz target, and which.
FUZZ_TIME ?= 60
FUZZ_TARGETS ?= plan grib netcdf log manifest request nats

.PHONY: help forecast test validate bench docs check fuzz neon install wheel

help:
	@echo 'make forecast   a 10-day global weather forecast from a real state: GRIB2, NetCDF, maps in $(OUT)/forecast'
	@echo 'make test       all tests, on the CPU and on a software GPU'
	@echo 'make validate   published test cases: report in $(OUT)/validation'
	@echo 'make bench      benchmarks with floors and peers: table, and $(OUT)/bench.json'
	@echo 'make docs       the documentation in target/doc'
	@echo 'make install    headers, libraries, pkg-config and CMake files for C and Fortran in $(PREFIX)'
	@echo 'make wheel      the Python package for this platform, in target/wheels'
	@echo 'make check      formatting, lints, feature combinations'
	@echo 'make neon       tests of the transforms as compiled for 64-bit Arm, in an emulator'
	@echo 'make fuzz       readers against made-up input, $(FUZZ_TIME) s for each of: $(FUZZ_TARGETS)'

forecast:
	@$(SETUP) rust grib
	$(CARGO) run --release --locked -p terrella-extremes -- run examples/extremes/forecast.toml --out $(OUT)/forecast

test:
	@$(SETUP) rust grib hdf5 vulkan compiler fortran nvrtc python zarr fdb mpi nats
	TERRELLA_REQUIRE=$(REQUIRE) \
	TERRELLA_NVRTC=$${TERRELLA_NVRTC:-$$(ls $(CURDIR)/target/python/nvidia/cuda_nvrtc/lib/libnvrtc.so.* | head -n 1)} \
	$(CARGO) test --workspace --locked

validate:
	@$(SETUP) rust
	$(CARGO) run --release --locked -p terrella-validation -- report --out $(OUT)/validation

bench:
	@$(SETUP) rust peers
	mkdir -p $(OUT)
	PYTHONPATH=$(CURDIR)/target/python $(CARGO) run --release --locked -p terrella-benches -- all --peer --json $(OUT)/bench.json

docs:
	@$(SETUP) rust
	$(CARGO) doc --workspace --no-deps --locked

check:
	@$(SETUP) rust
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	$(CARGO) clippy --workspace --all-targets --locked --no-default-features -- -D warnings
	$(CARGO) check --workspace --locked --all-features

# On the CPU: the emulator has no devices.
ARM_TEST := CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' \
	$(CARGO) test --locked -p terrella-kernels --target aarch64-unknown-linux-gnu
neon:
	@$(SETUP) rust neon
	$(ARM_TEST) --lib spectral:: -- --skip device
	$(ARM_TEST) --test spectral -- --skip device

# A stable compiler takes the flags of a nightly one with RUSTC_BOOTSTRAP. Without a sanitizer, which safe code needs not, memory
# is bounded by the targets themselves. What made one fail lies in fuzz/artifacts; the same command with its path repeats it.
fuzz:
	@$(SETUP) rust fuzz
	@scratch=$$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	for target in $(FUZZ_TARGETS); do \
		TMPDIR=$$scratch RUSTC_BOOTSTRAP=1 PATH="$(CURDIR)/target/fuzz-tools/bin:$$PATH" CARGO_TARGET_DIR=$${CARGO_TARGET_DIR:-$(CURDIR)/fuzz/target} \
		cargo fuzz run --fuzz-dir fuzz --sanitizer none --codegen-units 2 $$target -- -max_total_time=$(FUZZ_TIME) -timeout=60 -rss_limit_mb=1024 \
			-max_len=65536 -close_fd_mask=1 || exit 1; \
	done

install:
	@$(SETUP) rust
	TERRELLA_COMMIT=$$(git rev-parse HEAD 2>/dev/null || echo unknown) $(CARGO) build --release --locked -p terrella-ffi
	./ffi/install.sh "$${CARGO_TARGET_DIR:-target}/release" "$(PREFIX)"

wheel:
	@$(SETUP) rust python
	$(CARGO) build --release --locked -p terrella-ffi
	PYTHONPATH=$(CURDIR)/target/python ./python/wheel.sh "$${CARGO_TARGET_DIR:-target}/release/libterrella.so" target/wheels
