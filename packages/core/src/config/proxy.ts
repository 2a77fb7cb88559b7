import { BlockList, isIP } from "node:net";

type Env = Readonly<Record<string, string | undefined>>;

/** A proxy that the environment names. */
export interface Proxy {
  /** URL with credentials: `http://user:password@proxy:3128`. */
  readonly url: string;
  /** URL without credentials, for display. */
  readonly shown: string;
  /** Name of its variable. */
  readonly variable: string;
}

/** Variables, as in curl and git: lower case takes precedence, an empty value counts as unset, `ALL_PROXY` is for both protocols. */
const VARIABLES = { "http:": ["http_proxy", "HTTP_PROXY"], "https:": ["https_proxy", "HTTPS_PROXY"] } as const;
const FOR_ALL = ["all_proxy", "ALL_PROXY"] as const;
const ALL = [...VARIABLES["http:"], ...VARIABLES["https:"], ...FOR_ALL];
const EXCEPTIONS = ["no_proxy", "NO_PROXY"] as const;

/**
 * Return the proxy for a URL; null: a direct connection. The rule is the same for the API, notifications and git. Loopback never uses a
 * proxy, and neither does a host in `NO_PROXY`, which works as in curl: hosts with all subdomains, with or without a leading dot and with
 * an optional port, IP addresses, networks (`10.0.0.0/8`), and `*` for all hosts.
 */
export function proxyFor(url: string, env: Env): Proxy | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return null;
  const host = bare(hostname);
  if (isLoopback(host)) return null;
  const proxy = firstOf(env, [...VARIABLES[protocol], ...FOR_ALL]);
  if (proxy === null) return null;
  const usedPort = port || (protocol === "https:" ? "443" : "80");
  if (exceptionsOf(env).some((entry) => matches(entry, { host, port: usedPort }))) return null;
  const found = proxyOf(proxy);
  return env["TAC8_EXIT"]?.trim() ? { ...found, variable: "TAC8_EXIT" } : found;
}

/** Return whether the environment has a proxy. */
export function isProxySet(env: Env): boolean {
  return nodeProxyEnvironment(env) !== null;
}

/** Return the variables whose value is not a proxy that both Node and git can use. */
export function unusableProxies(env: Env): string[] {
  return ALL.filter((name) => env[name]?.trim() && !isUsable(proxyOf({ name, value: env[name].trim() }).url));
}

/**
 * Return the variables with which git uses the result of `proxyFor` for the URL, regardless of git's own rules. Credentials are sent with the
 * first request, by the method that Node uses; otherwise git would first ask the proxy for its methods each time.
 */
export function gitProxyEnvironment(url: string, env: Env): Record<string, string> {
  const proxy = proxyFor(url, env);
  return proxy === null ? {} : { http_proxy: proxy.url, https_proxy: proxy.url, GIT_HTTP_PROXY_AUTHMETHOD: "basic" };
}

/**
 * Return the variables for Node's `http.setGlobalProxyFromEnv`, so that Node uses the same rule as `proxyFor`; null: no proxy is set. Node does
 * not support networks in `NO_PROXY`, so the hosts of `urls` that are reached directly are added.
 */
export function nodeProxyEnvironment(env: Env, urls: readonly string[] = []): Record<string, string> | null {
  const [http, https] = [VARIABLES["http:"], VARIABLES["https:"]].map((names) => {
    const found = firstOf(env, [...names, ...FOR_ALL]);
    const url = found === null ? null : proxyOf(found).url;
    return url === null || !isUsable(url) ? null : url.replace(/^socks5h:/i, "socks5:");
  });
  if (http == null && https == null) return null;
  const direct = urls.filter((url) => URL.canParse(url) && proxyFor(url, env) === null).map((url) => new URL(url).host);
  const exceptions = exceptionsOf(env).flatMap((entry) => {
    const { host, port } = hostAndPort(entry);
    return entry === "*" ? [entry] : [host, ...(isIP(host) === 0 ? [`.${host}`] : [])].map((name) => name + port);
  });
  const all = [...LOOPBACK_NAMES, ...direct, ...exceptions];
  return {
    ...(http == null ? {} : { http_proxy: http }),
    ...(https == null ? {} : { https_proxy: https }),
    no_proxy: exceptions.includes("*") ? "*" : all.join(","),
  };
}

/** A user name of this length without a password counts as a token. A shorter one may be an ordinary word. */
const TOKEN_LENGTH = 20;

/** Return the secrets in the environment's proxies: passwords, and user names that are tokens. */
export function proxySecrets(env: Env): string[] {
  return ALL.flatMap((name) => {
    const value = env[name]?.trim();
    if (!value || !URL.canParse(withScheme(value))) return [];
    const { username, password } = new URL(withScheme(value));
    const secret = password || (username.length < TOKEN_LENGTH ? "" : username);
    return secret === "" ? [] : [secret, decoded(secret)];
  });
}

const LOOPBACK_NAMES = ["localhost", ".localhost", "127.0.0.1", "::1", "[::1]"];

function isLoopback(host: string): boolean {
  return /^(.*\.)?localhost$/.test(host) || (isIP(host) === 4 && host.startsWith("127.")) || host === "::1";
}

function firstOf(env: Env, names: readonly string[]): { readonly name: string; readonly value: string } | null {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return null;
}

function proxyOf({ name, value }: { readonly name: string; readonly value: string }): Proxy {
  const url = withScheme(value);
  if (!URL.canParse(url)) return { url, shown: "an address that cannot be read", variable: name };
  const { protocol, host } = new URL(url);
  return { url, shown: `${protocol}//${host}`, variable: name };
}

/** Return whether both Node and git can use the proxy. A SOCKS proxy resolves host names itself, with `socks5` and `socks5h`. */
function isUsable(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname !== "" && /^(https?|socks5h?):/i.test(url);
}

/** Add `http://` if the scheme is missing: curl accepts `proxy:3128`. */
function withScheme(value: string): string {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
}

function exceptionsOf(env: Env): string[] {
  const text = firstOf(env, EXCEPTIONS)?.value ?? "";
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "");
}

function matches(entry: string, { host, port }: { readonly host: string; readonly port: string }): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInNetwork(host, entry);
  const named = hostAndPort(entry);
  if (named.port !== "" && named.port !== `:${port}`) return false;
  return host === named.host || (isIP(host) === 0 && host.endsWith(`.${named.host}`));
}

/** Split an entry: `*.example.com:8443` into `example.com` and `:8443`. */
function hostAndPort(entry: string): { readonly host: string; readonly port: string } {
  const [, bracketed, plain, port = ""] = /^(?:\[([^\]]*)\]|([^:]*))(:\d+)?$/.exec(entry) ?? [];
  const host = bracketed ?? plain ?? entry; // An IPv6 address without brackets has no port.
  return { host: bare(host.replace(/^\*?\./, "")), port };
}

function isInNetwork(host: string, network: string): boolean {
  const family = isIP(host);
  const [, address = "", prefix] = /^(.*)\/(\d{1,3})$/.exec(network) ?? [];
  if (family === 0 || isIP(address) !== family || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(address, Number(prefix), type);
  return list.check(host, type);
}

/** Return a host name without brackets and the trailing dot. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
