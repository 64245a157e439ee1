# Model providers given to `make run` by environment variables. A key goes from the shell's memory
# through a pipe into `con credential set`: it is in no argument list and no child's environment.
# shellcheck shell=bash

# Takes the keys out of the environment before the first child process starts.
take_secrets() {
  secret_compatible=${OPENAI_API_KEY:-} secret_openrouter=${CON_OPENROUTER_API_KEY:-}
  secret_anthropic=${CON_AUTH_ANTHROPIC:-} secret_openai=${CON_AUTH_OPENAI:-}
  compatible_url=${OPENAI_BASE_URL:-}
  unset OPENAI_API_KEY OPENAI_BASE_URL CON_OPENROUTER_API_KEY CON_AUTH_ANTHROPIC CON_AUTH_OPENAI
}

provider_given() {
  [ -n "$secret_compatible$secret_openrouter$secret_anthropic$secret_openai$compatible_url" ]
}

# The last one connected is the one in use; so the most specific comes last.
connect_providers() {
  provider_given || return 0
  connect openai "$secret_openai" https://api.openai.com/v1
  connect anthropic "$secret_anthropic" https://api.anthropic.com/v1
  connect openrouter "$secret_openrouter" https://openrouter.ai/api/v1
  if [ -n "$compatible_url" ]; then
    connect compatible "$secret_compatible" "$compatible_url"
  elif [ -n "$secret_compatible" ]; then
    connect openai "$secret_compatible" https://api.openai.com/v1
  fi
  [ "$engine" != nspawn ] ||
    say "systemd-nspawn gives this container no network: the provider cannot be reached from it." \
      "Use podman or docker: make stop run ENGINE=podman NAME=$name"
}

connect() { # PROVIDER SECRET URL
  local credential=()
  [ -n "$2" ] || [ "$1" = compatible ] || return 0
  if [ -n "$2" ]; then
    printf '%s' "$2" | engine_call exec con credential set "$1"
    credential=(--credential "$1")
  fi
  if [[ $3 =~ ^https?://(localhost|127\.|\[::1\]) ]]; then
    say "$3: inside the container this address is the container itself, not this host:" \
      "let the server listen on an address of this host and use that"
  fi
  engine_call exec con model use "$1/${CON_MODEL:-*}" --base-url "$3" "${credential[@]}" </dev/null
  say "models come from $1 ($3)"
}
