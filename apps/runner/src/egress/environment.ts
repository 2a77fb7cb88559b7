import { READ_ONLY } from "./preset.ts";

type Env = Readonly<Record<string, string>>;

/**
 * Return the variables in which an API's clients find its URL: `OPENAI_API_KEY` → `OPENAI_BASE_URL` and
 * `OPENAI_API_BASE`.
 */
export function baseUrlNames(secret: string): string[] {
  const name = secret.replace(/(?:_API)?_(?:KEY|TOKEN)$/, "");
  return [`${name}_BASE_URL`, ...(name === "OPENAI" ? ["OPENAI_API_BASE"] : [])];
}

/**
 * Return variables that make programs use the proxy on this port of loopback, but not for their traffic on loopback.
 */
export function proxyEnvironment(port: number, before: Env): Record<string, string> {
  const proxy = `http://127.0.0.1:${port}`;
  const direct = "localhost,127.0.0.1,::1,.localhost";
  const both = (name: string, value: string) => ({ [name]: value, [name.toLowerCase()]: value });
  const java = [
    ...["http", "https"].flatMap((scheme) => [`-D${scheme}.proxyHost=127.0.0.1`, `-D${scheme}.proxyPort=${port}`]),
    "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
  ];
  return {
    ...both("HTTP_PROXY", proxy),
    ...both("HTTPS_PROXY", proxy),
    ...both("ALL_PROXY", proxy),
    ...both("NO_PROXY", direct),
    // Node reads the variables only with this one.
    NODE_USE_ENV_PROXY: "1",
    JAVA_TOOL_OPTIONS: [...(before["JAVA_TOOL_OPTIONS"] ? [before["JAVA_TOOL_OPTIONS"]] : []), ...java].join(" "),
    // Yarn 2 and later read no other variables, and Electron's installer needs a variable of its own.
    YARN_HTTP_PROXY: proxy,
    YARN_HTTPS_PROXY: proxy,
    ELECTRON_GET_USE_PROXY: "1",
    // These tools download from GitHub's releases, which are read by http: see READ_ONLY.
    ELECTRON_MIRROR: "http://github.com/electron/electron/releases/download/",
    UV_PYTHON_INSTALL_MIRROR: "http://github.com/astral-sh/python-build-standalone/releases/download",
    // Cargo's built-in git ignores insteadOf from the environment.
    CARGO_NET_GIT_FETCH_WITH_CLI: "true",
    // No user can answer a prompt.
    GIT_TERMINAL_PROMPT: "0",
    ...gitEnvironment(before),
  };
}

/** Rewrite every form of a GitHub URL to the one that tac8 can inspect. */
function gitEnvironment(before: Env): Record<string, string> {
  const [host = ""] = READ_ONLY;
  const forms = [`https://${host}/`, `git@${host}:`, `ssh://git@${host}/`, `git://${host}/`];
  const settings = forms.map((form) => [`url.http://${host}/.insteadOf`, form] as const);
  const first = Number(before["GIT_CONFIG_COUNT"] ?? 0) || 0;
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${first + index}`, key],
    [`GIT_CONFIG_VALUE_${first + index}`, value],
  ]);
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(first + settings.length) };
}
