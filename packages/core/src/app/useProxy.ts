import { nodeProxyEnvironment } from "../config/proxy.ts";

/** Advice for a Node that cannot use a proxy. */
export const PROXY_ADVICE = "run tac8 with Node 26 or newer, or with Node 22.21 or newer and NODE_USE_ENV_PROXY=1";

/** `unsupported`: a proxy is set, and this Node cannot use one. */
export type ProxyUse = "none" | "used" | "unsupported";

/**
 * Send all HTTP calls of this process through the proxy that the environment names, if `proxyFor` returns one for their address.
 * @param urls addresses that will be called, if they are known
 */
export function useProxy(env: Readonly<Record<string, string | undefined>>, urls: readonly string[] = []): ProxyUse {
  const proxies = nodeProxyEnvironment(env, urls);
  if (proxies === null) return "none";
  if (hasProxies()) client().setGlobalProxyFromEnv(proxies);
  return canUseProxy(env) ? "used" : "unsupported";
}

/** Return whether the HTTP client of this Node can use a proxy. An older Node can if a variable was set when it started. */
export function canUseProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  return hasProxies() || env["NODE_USE_ENV_PROXY"] === "1";
}

/** Check the module at run time, because an older Node could not load a program that imports the name. */
function hasProxies(): boolean {
  return typeof client().setGlobalProxyFromEnv === "function";
}

/** Load the module only if a proxy is set: most commands make no HTTP call. */
function client(): typeof import("node:http") {
  return process.getBuiltinModule("node:http");
}
