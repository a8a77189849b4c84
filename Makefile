# Everything a newcomer runs. Each target sets up what it needs by itself; Python 3.11 or newer is all it asks for.
#
#   make demo    the demo in the browser        make test    the whole suite        make check   style, types, layers
#   make bench   the speed table                make tables  README's tables        make clean   forget the set-up
#   make peers   others at the same work; ARGS=large make bench: ten million receipts
#                ARGS=steady: memory under load; ARGS=stages: where the microseconds go
#   make torture kills, full disks, junk, load: twenty minutes; TIER=quick make torture: under four

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench peers torture tables browser clean

PYTHON ?=
ARGS ?=
VENV := .venv
RUN := $(VENV)/bin/python -m

help:
	@sed -n '3,7s/^# *//p' Makefile

demo: $(VENV)/.set-up-to-run
	@$(RUN) bot demo $(ARGS)

test: $(VENV)/.set-up-to-develop browser
	@$(RUN) pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.set-up-to-develop
	@echo "ruff check";          $(RUN) ruff check .
	@echo "ruff format --check"; $(RUN) ruff format --check .
	@echo "mypy --strict";       $(RUN) mypy --strict
	@echo "lint-imports";        $(VENV)/bin/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

bench: $(VENV)/.set-up-to-develop
	@$(VENV)/bin/python tests/bench/run.py $(ARGS)

peers: $(VENV)/.set-up-to-develop
	@$(VENV)/bin/python tests/bench/run.py peers $(ARGS)

torture: $(VENV)/.set-up-to-develop
	@$(VENV)/bin/python tests/torture/run.py $(ARGS)

tables: $(VENV)/.set-up-to-run
	@$(RUN) bot.tables README.md README.zh-CN.md

clean:
	rm -rf $(VENV) .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The page is tried in a real browser: where there is none, the suite fails, it does not skip.
browser:
	@name=$${SHOUDAO_CHROMIUM:-}; \
	if [ -n "$$name" ]; then command -v "$$name" >/dev/null || { \
	  echo "SHOUDAO_CHROMIUM=$$name：没有这个浏览器。SHOUDAO_CHROMIUM names no browser."; exit 1; }; exit 0; fi; \
	find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }; \
	find_browser >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "网页测试要用真的浏览器，正在安装 chromium，约一分钟… Installing chromium for the page's tests, about a minute…"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  apt-get update -qq </dev/null && \
	    apt-get install -y -qq --no-install-recommends chromium fonts-wqy-microhei </dev/null >/dev/null || true; fi; \
	find_browser >/dev/null || { \
	  echo "网页测试要用真的浏览器：请先装好 chromium（Debian、Ubuntu：sudo apt install chromium），或用 SHOUDAO_CHROMIUM 指明它在哪里。"; \
	  echo "The page's tests need a real browser: install chromium, or name one in SHOUDAO_CHROMIUM."; exit 1; }

# --- set-up -----------------------------------------------------------------------------------------------------
# A stamp file says what is installed; a changed pyproject.toml or constraints.txt installs again.

$(VENV)/.set-up-to-run: pyproject.toml constraints.txt
	@$(call install,.)

$(VENV)/.set-up-to-develop: pyproject.toml constraints.txt
	@$(call install,.[dev])
	@touch $(VENV)/.set-up-to-run

# uv is used where it is on the PATH, else pip. pip's own lines are thinned out: they say what is going on, not where from.
define install
	has() { command -v "$$1" >/dev/null 2>&1; }; \
	fits() { has "$$1" && "$$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; \
	whole() { has uv || "$$1" -c 'import ensurepip, venv' 2>/dev/null; }; \
	if ! $(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  best=; bare=; \
	  for name in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14 python; do \
	    fits "$$name" || continue; \
	    if whole "$$name"; then best=$$name; break; else bare=$$name; fi; \
	  done; \
	  if [ -z "$$best" ] && [ -n "$$bare" ]; then \
	    echo "$$bare 缺少 venv 组件：请先装好（Debian、Ubuntu：sudo apt install python3-venv），再运行一次。"; \
	    echo "$$bare cannot make virtual environments: install python3-venv, then run this again."; exit 1; \
	  elif [ -z "$$best" ]; then \
	    echo "没有找到 Python 3.11 或更新的版本：请先装好（Debian、Ubuntu：sudo apt install python3 python3-venv），再运行一次。"; \
	    echo "No Python 3.11 or newer found: install it, or name it: make PYTHON=/path/to/python3.11 …"; exit 1; \
	  fi; \
	  echo "正在建立虚拟环境 $(VENV)（$$("$$best" -V)）… Making $(VENV)…"; \
	  if has uv; then uv venv -q --clear --python "$$best" $(VENV); else "$$best" -m venv --clear $(VENV); fi; \
	fi; \
	echo "正在安装依赖，约一分钟… Installing dependencies, about a minute…"; \
	failed() { echo "安装没有成功：请看上面的原因（多半是网络），改好后再运行一次。Installation failed; see above."; exit 1; }; \
	if has uv; then \
	  uv pip install --python $(VENV)/bin/python -c constraints.txt -e '$(1)' || failed; \
	else \
	  $(RUN) pip --version >/dev/null 2>&1 || $(RUN) ensurepip >/dev/null; \
	  $(RUN) pip install --disable-pip-version-check --no-input --progress-bar off -c constraints.txt -e '$(1)' | \
	    { while IFS= read -r line; do case "$$line" in \
	        Collecting*|Installing*) set -f; set -- $$line; echo "  $$1 $${2/collected/…}";; esac; done; } || failed; \
	fi; \
	touch $@; echo "装好了。Ready."
endef
