export interface Variable {
  readonly name: string;
  /** As a person would write it; empty: none. */
  readonly standard: string;
  readonly meaning: string;
}

/**
 * Secrets are never in the configuration file. Each comes from `NAME`, else from the file whose path is in `NAME_FILE`, such
 * as a Docker secret's, else from the data folder, where `tac8 init` puts it.
 */
export const SECRETS = [
  {
    name: "GITHUB_TOKEN",
    standard: "",
    meaning:
      "Fine-grained token, limited to the repository: Contents, Issues, Pull requests read and write; Metadata read. Not in the agents' environment; without the sandbox, a hostile agent can read it.",
  },
  {
    name: "GITHUB_APP_PRIVATE_KEY",
    standard: "",
    meaning:
      "Private key of the GitHub App in github.app_id, instead of GITHUB_TOKEN: the text of the .pem file. A file with it must have mode 0600.",
  },
  { name: "ANTHROPIC_API_KEY", standard: "", meaning: "Key that Claude Code works with; or the next one." },
  {
    name: "CLAUDE_CODE_OAUTH_TOKEN",
    standard: "",
    meaning: "Token of a Claude subscription, made by `claude setup-token`.",
  },
  {
    name: "REDIS_PASSWORD",
    standard: "",
    meaning: "Password of Redis, if REDIS_URL has none in it. The Redis that tac8 up starts has no password.",
  },
  {
    name: "REDIS_SENTINEL_PASSWORD",
    standard: "",
    meaning: "Password of the Sentinels themselves, where REDIS_URL names Sentinels that ask for one.",
  },
  {
    name: "TAC8_BOARD_PASSWORD",
    standard: "",
    meaning: "Password of the board. Without one, the board makes one and keeps it in the data folder.",
  },
  {
    name: "TAC8_METRICS_TOKEN",
    standard: "",
    meaning: "Bearer token of the board's /metrics, 16 characters or more. Without one, the board makes one.",
  },
  {
    name: "TAC8_SLACK_URL",
    standard: "",
    meaning: "Address of a Slack incoming webhook that gets the notifications of [notify].",
  },
  {
    name: "TAC8_NTFY_URL",
    standard: "",
    meaning: "The same for ntfy: https://ntfy.sh/TOPIC, or a server of your own.",
  },
  { name: "TAC8_NTFY_TOKEN", standard: "", meaning: "Its access token, where the topic needs one." },
  { name: "TAC8_WEBHOOK_URL", standard: "", meaning: "The same for any other address, which is sent JSON." },
] as const satisfies readonly Variable[];

/** What agents sign in with; one of them is enough. */
export const MODEL_SECRETS = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"] as const;

export const NO_TOKEN =
  "no GitHub token: put it into GITHUB_TOKEN, or its file's path into GITHUB_TOKEN_FILE, or let tac8 init store it";

export const NO_APP_KEY =
  "no private key of the GitHub App: put its .pem file's path into GITHUB_APP_PRIVATE_KEY_FILE, or let tac8 init --app store one";

export type SecretName = (typeof SECRETS)[number]["name"];

/** What the environment sets beside the file; where both do, the environment wins. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "TAC8_CONFIG",
    standard: "",
    meaning: "Path of the configuration file. Without it: ./config.toml, else ~/.config/tac8/config.toml.",
  },
  {
    name: "TAC8_HOME",
    standard: "~/.local/share/tac8/<name>",
    meaning: "Data folder, one per configuration. A relative path begins at the configuration file's folder.",
  },
  {
    name: "REDIS_URL",
    standard: "redis://127.0.0.1:6379",
    meaning:
      "Where Redis is: redis://HOST:PORT, rediss://USER@HOST:PORT/N with TLS, an ACL user and a database number, unix:///PATH of its socket, with ?db=N, or redis+sentinel://HOST:PORT,HOST:PORT/NAME/N (rediss+sentinel:// with TLS) of its Sentinels. Not set: tac8 up starts a Redis of its own.",
  },
  {
    name: "REDIS_CA_FILE",
    standard: "",
    meaning:
      "Absolute path of the certificate of the CA that has signed the certificate of a rediss:// Redis, as PEM. Not set: the CAs that Node knows.",
  },
  { name: "GITHUB_API_URL", standard: "", meaning: "Instead of github.api_url." },
  { name: "GITHUB_APP_ID", standard: "", meaning: "Instead of github.app_id." },
  { name: "GITHUB_APP_INSTALLATION_ID", standard: "", meaning: "Instead of github.app_installation_id." },
  { name: "TAC8_BOARD_HOST", standard: "", meaning: "Instead of board.host." },
  { name: "TAC8_BOARD_PORT", standard: "", meaning: "Instead of board.port." },
  { name: "TAC8_BOARD_URL", standard: "", meaning: "Instead of board.url." },
  {
    name: "HTTPS_PROXY",
    standard: "",
    meaning:
      "Proxy for calls to GitHub, by API and git, and for notifications. HTTP_PROXY, ALL_PROXY, NO_PROXY as in curl.",
  },
  {
    name: "TAC8_EXIT",
    standard: "",
    meaning:
      "Proxy of a runner in containers, http://HOST:PORT; its password is in the file that TAC8_EXIT_PASSWORD_FILE names. It takes the place of HTTPS_PROXY and the others. compose sets both.",
  },
  {
    name: "TAC8_EXIT_ALLOW",
    standard: "",
    meaning:
      "For the container exit: HOST:PORT or ADDRESS:PORT, separated by commas, to which runners may connect on private addresses too. GitHub's API, addresses in agent.allow_hosts and hosts of agent.secrets count by themselves.",
  },
  { name: "LOG_LEVEL", standard: "info", meaning: "fatal, error, warn, info, debug, trace or silent." },
  {
    name: "LOG_FORMAT",
    standard: "json",
    meaning:
      "json: JSON lines. text: lines for people, which is the default in the images. In systemd's journal they are for people unless this is json.",
  },
];
