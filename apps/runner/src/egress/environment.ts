import { READ_ONLY } from "./preset.ts";

type Env = Readonly<Record<string, string>>;

/** Where an API's clients look for its address: `OPENAI_API_KEY` → `OPENAI_BASE_URL` and `OPENAI_API_BASE`. */
export function baseUrlNames(secret: string): string[] {
  const name = secret.replace(/(?:_API)?_(?:KEY|TOKEN)$/, "");
  return [`${name}_BASE_URL`, ...(name === "OPENAI" ? ["OPENAI_API_BASE"] : [])];
}

/** Variables that send programs through the proxy on this port of loopback, and their traffic on loopback past it. */
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
    // Node reads them only with this.
    NODE_USE_ENV_PROXY: "1",
    JAVA_TOOL_OPTIONS: [...(before["JAVA_TOOL_OPTIONS"] ? [before["JAVA_TOOL_OPTIONS"]] : []), ...java].join(" "),
    // Yarn 2 and later read no others; Electron's installer needs to be told.
    YARN_HTTP_PROXY: proxy,
    YARN_HTTPS_PROXY: proxy,
    ELECTRON_GET_USE_PROXY: "1",
    // These download from GitHub's releases, which are read by http: see READ_ONLY.
    ELECTRON_MIRROR: "http://github.com/electron/electron/releases/download/",
    UV_PYTHON_INSTALL_MIRROR: "http://github.com/astral-sh/python-build-standalone/releases/download",
    // Its own git knows no insteadOf from the environment.
    CARGO_NET_GIT_FETCH_WITH_CLI: "true",
    // There is nobody to ask.
    GIT_TERMINAL_PROMPT: "0",
    ...gitEnvironment(before),
  };
}

/** Every way to write a repository of GitHub becomes the one that tac8 can read. */
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
