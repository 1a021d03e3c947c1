# Everything one does with a clone. `just` is in the dev extra; recipes use .venv and need no activation.

set shell := ["bash", "-euo", "pipefail", "-c"]

export PATH := justfile_directory() / ".venv/bin" + ":" + env("PATH")
export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "auto")

_default:
    @just --list --unsorted

# virtual environment, editable install (builds Rust and web), npm packages, git hooks
setup:
    test -x .venv/bin/python || python3 -m venv .venv
    python -m pip install --quiet --editable '.[dev]'
    cd web && { test -d node_modules || npm ci --no-audit --no-fund; }
    git config core.hooksPath tools/hooks

# application with reload, and Vite with the /api proxy
dev:
    #!/usr/bin/env bash
    set -euo pipefail
    export BALU_DATA_DIR="${BALU_DATA_DIR:-$PWD/.balu-dev}"
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    (cd web && npm run dev) &
    watchfiles --filter python 'balu serve' balu balu_core

# the product as installed: web and job worker
serve *arguments:
    balu serve {{ arguments }}

# build the web interface into balu/web_dist, unless it is current
web:
    python tools/balu_build.py

# ruff format, cargo fmt, Biome
fmt:
    ruff check --fix --exit-zero --quiet
    ruff format
    cargo fmt --all
    cd web && npm run --silent format

# ruff, import contracts, own lints, clippy pedantic, Biome, licences
lint: lint-python lint-rust lint-web

lint-python:
    ruff check
    ruff format --check
    lint-imports
    python -m tools.limits
    python -m tools.steps
    python -m tools.licences

lint-rust:
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- --deny warnings

lint-web:
    cd web && npm run --silent lint

# mypy strict, stubtest against the binary, tsc
types: types-python types-web

types-python:
    mypy
    python -m mypy.stubtest balu_core._native

types-web:
    cd web && npm run --silent types

# pytest, cargo test, vitest; arguments go to pytest, which then runs alone
test *arguments:
    #!/usr/bin/env bash
    set -euo pipefail
    if [ -n "{{ arguments }}" ]; then exec pytest {{ arguments }}; fi
    just test-rust test-web test-python

test-python *arguments:
    pytest -m "not packaging" {{ arguments }}

test-rust:
    cargo test --locked --workspace

test-web:
    cd web && npm test --silent

# builds wheels and sdists and installs them; minutes
test-packaging:
    pytest -m packaging tests/tools

# benchmarks; see benchmarks/README.md
bench *arguments:
    python -m benchmarks {{ arguments }}

# dump OpenAPI and regenerate the web client's types; fail if they had drifted
api:
    python -m tools.openapi
    git diff --exit-code -- web/openapi.json web/src/kernel/api/schema.d.ts

# schema steps: up, down [TO], status; new DOMAIN "WORDS" drafts one; check runs all on both databases
migrate action="status" *arguments:
    #!/usr/bin/env bash
    set -euo pipefail
    case "{{ action }}" in
        new) exec python -m tools.migrate {{ arguments }} ;;
        check) exec pytest tests/kernel/test_migrations.py {{ arguments }} ;;
        *) exec balu migrate "{{ action }}" {{ arguments }} ;;
    esac

# file and line of what answers a URL: just where /api/files/list
where *arguments:
    @python -m tools.where {{ arguments }}

# fault tests in their long form, hours rather than minutes; as root more of them run
torture *arguments:
    TORTURE_TIER=long pytest tests/torture tests/client/test_folder.py {{ arguments }}
    cd web && TORTURE_TIER=long node --test e2e/storage/mixed.mjs

# every parser of what strangers send under a fuzzer, two at a time, so many seconds each
fuzz seconds="60" *options:
    python -m tests.core.fuzz {{ seconds }} {{ options }}

# everything a landing needs, in order
ci:
    #!/usr/bin/env bash
    set -euo pipefail
    exec tools/ci
