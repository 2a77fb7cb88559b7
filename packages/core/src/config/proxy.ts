import { BlockList, isIP } from "node:net";

type Env = Readonly<Record<string, string | undefined>>;

/** A proxy that the environment names. */
export interface Proxy {
  /** `http://user:password@proxy:3128`: with its credentials. */
  readonly url: string;
  /** The same without credentials, for people. */
  readonly shown: string;
  /** The variable that names it. */
  readonly variable: string;
}

/** As curl and git: lower case wins, an empty value counts as none, `ALL_PROXY` is for both protocols. */
const VARIABLES = { "http:": ["http_proxy", "HTTP_PROXY"], "https:": ["https_proxy", "HTTPS_PROXY"] } as const;
const FOR_ALL = ["all_proxy", "ALL_PROXY"] as const;
const ALL = [...VARIABLES["http:"], ...VARIABLES["https:"], ...FOR_ALL];
const EXCEPTIONS = ["no_proxy", "NO_PROXY"] as const;

/**
 * The proxy that a URL is reached through; null: it is reached directly. The one rule for the API, the notifications and git:
 * loopback never goes through a proxy, nor does what `NO_PROXY` names, in curl's way: hosts with all below them, with or without a
 * leading dot, each also with a port, IP addresses and networks (`10.0.0.0/8`), `*` for everything.
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

/** Whether the environment names any proxy. */
export function isProxySet(env: Env): boolean {
  return nodeProxyEnvironment(env) !== null;
}

/** Variables whose value is no proxy that Node and git both can use. */
export function unusableProxies(env: Env): string[] {
  return ALL.filter((name) => env[name]?.trim() && !isUsable(proxyOf({ name, value: env[name].trim() }).url));
}

/**
 * Variables with which git reaches the URL as `proxyFor` says, whatever its own rules are. Credentials are sent at once and in the
 * one way that Node knows: git would ask each time which ways there are.
 */
export function gitProxyEnvironment(url: string, env: Env): Record<string, string> {
  const proxy = proxyFor(url, env);
  return proxy === null ? {} : { http_proxy: proxy.url, https_proxy: proxy.url, GIT_HTTP_PROXY_AUTHMETHOD: "basic" };
}

/**
 * What Node's `http.setGlobalProxyFromEnv` takes, so that it decides as `proxyFor`; null: no proxy is set. Node knows no networks
 * in `NO_PROXY`, so the `urls` that are reached directly are named as well.
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

/** A user name without a password that is this long is a token; a shorter one may be an ordinary word. */
const TOKEN_LENGTH = 20;

/** What is secret in the environment's proxies: passwords, and user names that stand for one. */
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

/** Names are resolved by a SOCKS proxy itself, whichever of the two is written. */
function isUsable(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname !== "" && /^(https?|socks5h?):/i.test(url);
}

/** `proxy:3128` is enough for curl. */
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

/** `*.example.com:8443` → `example.com` and `:8443`. */
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

/** Without brackets and the dot of a full name. */
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
