export interface Variable {
  readonly name: string;
  /** Default as a user writes it; empty: none. */
  readonly standard: string;
  readonly meaning: string;
}

/**
 * Secrets, which are never in the configuration file. Each one is read from `NAME`, else from the file whose path is in `NAME_FILE`, such as
 * a Docker secret, else from the data folder, in which `tac8 init` stores it.
 */
export const SECRETS = [
  {
    name: "GITHUB_TOKEN",
    standard: "",
    meaning:
      "Fine-grained GitHub token for the repository: Contents, Issues and Pull requests (read and write), Metadata (read).",
  },
  {
    name: "GITHUB_APP_PRIVATE_KEY",
    standard: "",
    meaning: "Private key of the GitHub App in github.app_id: the content of its .pem file.",
  },
  {
    name: "ANTHROPIC_API_KEY",
    standard: "",
    meaning: "API key for Claude Code. Or set one of the next two.",
  },
  {
    name: "CLAUDE_CODE_OAUTH_TOKEN",
    standard: "",
    meaning: "Token of a Claude subscription, printed by `claude setup-token`.",
  },
  { name: "ANTHROPIC_AUTH_TOKEN", standard: "", meaning: "Bearer token for the gateway in ANTHROPIC_BASE_URL." },
  {
    name: "REDIS_PASSWORD",
    standard: "",
    meaning: "Password of the Redis in REDIS_URL.",
  },
  {
    name: "REDIS_SENTINEL_PASSWORD",
    standard: "",
    meaning: "Password of the Sentinels in REDIS_URL.",
  },
  {
    name: "TAC8_BOARD_PASSWORD",
    standard: "",
    meaning: "Password of the board. Not set: the board creates one in the data folder.",
  },
  {
    name: "TAC8_METRICS_TOKEN",
    standard: "",
    meaning:
      "Bearer token for the board's /metrics, 16 characters or more. Not set: the board creates one in the data folder.",
  },
  {
    name: "TAC8_SLACK_URL",
    standard: "",
    meaning: "Incoming webhook of Slack for notifications.",
  },
  {
    name: "TAC8_NTFY_URL",
    standard: "",
    meaning: "URL of an ntfy topic for notifications, such as https://ntfy.sh/TOPIC.",
  },
  { name: "TAC8_NTFY_TOKEN", standard: "", meaning: "Access token for TAC8_NTFY_URL." },
  { name: "TAC8_WEBHOOK_URL", standard: "", meaning: "URL that receives notifications as JSON." },
] as const satisfies readonly Variable[];

/** Secrets with which agents sign in; one of them is enough. */
export const MODEL_SECRETS = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"] as const;

export const NO_TOKEN =
  "no GitHub token: set GITHUB_TOKEN, set GITHUB_TOKEN_FILE to the path of its file, or store it with tac8 init";

export const NO_APP_KEY =
  "no private key of the GitHub App: set GITHUB_APP_PRIVATE_KEY_FILE to the path of its .pem file, or store it with tac8 init --app";

export type SecretName = (typeof SECRETS)[number]["name"];

/** Variables that set values in addition to the file. They take precedence over the file. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "TAC8_CONFIG",
    standard: "",
    meaning: "Path of the configuration file.",
  },
  {
    name: "TAC8_HOME",
    standard: "~/.local/share/tac8/<name>",
    meaning: "Data folder. A relative path starts at the folder of the configuration file.",
  },
  {
    name: "REDIS_URL",
    standard: "",
    meaning:
      "URL of Redis: redis://HOST:PORT, rediss://USER@HOST:PORT/N (TLS), unix:///PATH?db=N or redis+sentinel://HOST:PORT,HOST:PORT/NAME/N. Not set: tac8 up starts its own Redis.",
  },
  {
    name: "REDIS_CA_FILE",
    standard: "",
    meaning: "Absolute path of the CA certificate (PEM) for Redis with TLS. Not set: the CAs that Node trusts.",
  },
  { name: "GITHUB_API_URL", standard: "", meaning: "Overrides github.api_url." },
  { name: "GITHUB_APP_ID", standard: "", meaning: "Overrides github.app_id." },
  { name: "GITHUB_APP_INSTALLATION_ID", standard: "", meaning: "Overrides github.app_installation_id." },
  { name: "TAC8_BOARD_HOST", standard: "", meaning: "Overrides board.host." },
  { name: "TAC8_BOARD_PORT", standard: "", meaning: "Overrides board.port." },
  { name: "TAC8_BOARD_URL", standard: "", meaning: "Overrides board.url." },
  {
    name: "ANTHROPIC_BASE_URL",
    standard: "",
    meaning: "URL of a gateway that Claude Code uses instead of Anthropic's API.",
  },
  {
    name: "ANTHROPIC_CUSTOM_HEADERS",
    standard: "",
    meaning: "Headers of each request to the model, one NAME: VALUE per line.",
  },
  {
    name: "HTTPS_PROXY",
    standard: "",
    meaning: "Proxy to other hosts, as in curl. HTTP_PROXY, ALL_PROXY and NO_PROXY work too.",
  },
  {
    name: "TAC8_EXIT",
    standard: "",
    meaning:
      "URL of the exit, the proxy of runners in containers. The file TAC8_EXIT_PASSWORD_FILE has its password. docker-compose.yml sets both.",
  },
  {
    name: "TAC8_EXIT_ALLOW",
    standard: "",
    meaning:
      "Private addresses that the exit allows: HOST:PORT or ADDRESS:PORT, separated by commas. It also allows GitHub's API, addresses in agent.allow_hosts and hosts in agent.secrets.",
  },
  { name: "LOG_LEVEL", standard: "info", meaning: "Log level: fatal, error, warn, info, debug, trace or silent." },
  {
    name: "LOG_FORMAT",
    standard: "",
    meaning: "Log format: json or text. Not set: text in systemd's journal and in containers, otherwise json.",
  },
];
