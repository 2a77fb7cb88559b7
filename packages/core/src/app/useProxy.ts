import { nodeProxyEnvironment } from "../config/proxy.ts";

/** What to do about a Node that cannot use a proxy. */
export const PROXY_ADVICE = "run tac8 with Node 26 or newer, or with Node 22.21 or newer and NODE_USE_ENV_PROXY=1";

/** `unsupported`: a proxy is set, and this Node cannot use one. */
export type ProxyUse = "none" | "used" | "unsupported";

/**
 * From now on all HTTP calls of this process go through the environment's proxy, where `proxyFor` says so.
 * @param urls addresses that will be called, as far as they are known
 */
export function useProxy(env: Readonly<Record<string, string | undefined>>, urls: readonly string[] = []): ProxyUse {
  const proxies = nodeProxyEnvironment(env, urls);
  if (proxies === null) return "none";
  if (hasProxies()) client().setGlobalProxyFromEnv(proxies);
  return canUseProxy(env) ? "used" : "unsupported";
}

/** Whether the HTTP client of this Node can use a proxy; an older one does by a variable at its start. */
export function canUseProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return hasProxies() || env["NODE_USE_ENV_PROXY"] === "1";
}

/** Asked of the module: an older Node could not load a program that imports the name. */
function hasProxies(): boolean {
  return typeof client().setGlobalProxyFromEnv === "function";
}

/** Loaded only where a proxy is set: most commands make no HTTP call. */
function client(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}
