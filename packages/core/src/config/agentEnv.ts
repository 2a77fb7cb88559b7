/**
 * Names and prefixes of the variables that an agent gets; never the GitHub token or the address of Redis. This is not an isolation: an agent
 * of the same Unix user can read files and, if the kernel allows it, the memory of the runner.
 */
const NAMES = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "SSL_CERT_FILE"];
const NAMES_ANY_CASE = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "NODE_USE_ENV_PROXY",
];
const PREFIXES = ["ANTHROPIC_", "CLAUDE_"];
const OURS = [
  "GITHUB_TOKEN",
  "GITHUB_APP_PRIVATE_KEY",
  "REDIS_PASSWORD",
  "REDIS_SENTINEL_PASSWORD",
  "TAC8_BOARD_PASSWORD",
  "TAC8_METRICS_TOKEN",
  "TAC8_SLACK_URL",
  "TAC8_NTFY_URL",
  "TAC8_NTFY_TOKEN",
  "TAC8_WEBHOOK_URL",
];
const NEVER = ["REDIS_URL", ...OURS.flatMap((name) => [name, `${name}_FILE`])];

/** A shorter secret may be part of another value by chance, so a variable is withheld only if its whole value is the secret. */
const MIN_PART = 8;

export interface AgentEnvInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Additional names, from `agent.env`. */
  readonly extra: readonly string[];
  /** Secrets of tac8. A variable that contains one is withheld, regardless of its name. */
  readonly hidden: readonly string[];
  /** The agent's own secrets, by name. They are always passed, regardless of their source. */
  readonly own: Readonly<Record<string, string>>;
}

/** Return the environment for agents, by an allow-list. */
export function agentEnvironment({ env, extra, hidden, own }: AgentEnvInput): Record<string, string> {
  const allowed = (name: string) =>
    NAMES.includes(name) ||
    NAMES_ANY_CASE.includes(name.toUpperCase()) ||
    PREFIXES.some((prefix) => name.startsWith(prefix)) ||
    extra.includes(name);
  // An agent may have its own GitHub account (agent.env), but never tac8's token under another name.
  const ours = (value: string) =>
    hidden.some((secret) => (secret.length < MIN_PART ? value.trim() === secret : value.includes(secret)));
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...env, ...own })) {
    if (value !== undefined && allowed(name) && !NEVER.includes(name) && !ours(value)) result[name] = value;
  }
  return result;
}
