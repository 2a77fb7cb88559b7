import type { IncomingMessage, ServerResponse } from "node:http";

import { secretUrl } from "@tac8/core/config/agentSecrets";
import { parseHeaders } from "@tac8/core/config/headers";
import { MODEL_SECRETS } from "@tac8/core/config/variables";
import type { ModelPrice } from "@tac8/core/config/routing";
import type { ModelUsage } from "@tac8/core/domain/usage";
import { ownAddresses } from "./addresses.ts";
import { sendLine, sendApiError } from "./answers.ts";
import { askApi, type Api } from "./api.ts";
import { isClientOf } from "./client.ts";
import { boundedLookup, createDialer, lookupAll, type DialDeps } from "./dial.ts";
import { baseUrlNames, proxyEnvironment } from "./environment.ts";
import { isReadWithBody } from "./forward.ts";
import { ModelRoute } from "./model.ts";
import { OpenSockets } from "./openSockets.ts";
import { plain } from "./plain.ts";
import { policyOf, shownTarget } from "./policy.ts";
import { Refusals, type Refused } from "./refusals.ts";
import type { Replacement } from "./replaceBytes.ts";
import { createProxyServer } from "./server.ts";
import { listenOn } from "./socket.ts";
import { placeholderFor, withPlaceholders } from "./placeholder.ts";
import { tunnel } from "./tunnel.ts";
import { costOf, UsageMeter, type ModelTokens } from "./usage.ts";
import type { RouteContext } from "./routeContext.ts";

/** Events for the runner's log. */
export interface EgressLog {
  warn(facts: object, text: string): void;
}

export interface EgressOptions {
  /**
   * Absolute path on the clean side, only for this run: `<folder>/s` is the socket. Null: listen on loopback, if agents
   * share the machine's network.
   */
  readonly folder: string | null;
  /**
   * Port on loopback of the forwarder in the sandbox. If this proxy listens on loopback itself, 0 means any free port.
   */
  readonly port: number;
  /** On loopback: user id whose connections are accepted. Default: all users. */
  readonly uid?: number;
  /** The agent's environment as it would be without a sandbox, with the real keys. */
  readonly env: Readonly<Record<string, string>>;
  /** `agent.allow_hosts`. */
  readonly allow: readonly string[];
  /** `agent.secrets`: host or URL by the variable's name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** `llm.max_usd_per_run`; 0: no limit. */
  readonly maxUsd: number;
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** The runner's own environment, whose proxy is used. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly log: EgressLog;
  /** Called when the usage has grown by a tenth since the last call. */
  readonly onUsage?: (usage: EgressUsage) => void;
  readonly deps?: Partial<DialDeps>;
  /** Time for the head of a request, in ms. */
  readonly headMs?: number;
}

/** Usage in the answers of the model's API, as the proxy of a run has counted it. */
export interface EgressUsage {
  /** `costUsd` is 0 without a configured price. */
  readonly models: Readonly<Record<string, ModelTokens & ModelUsage>>;
  /** Cost of the models whose price is configured. */
  readonly costUsd: number;
  /** Models that were used and have no configured price. */
  readonly unpriced: readonly string[];
  /** Number of API answers whose usage could not be read. */
  readonly unread: number;
}

/** The network access of one run's sandbox. */
export interface Egress {
  /**
   * The complete environment of the agent in the sandbox, with placeholders instead of keys, and with the settings for
   * the proxy.
   */
  readonly env: Readonly<Record<string, string>>;
  /** List of the hosts that the agent may reach, for its prompt. */
  readonly allowed: string;
  refused(): readonly Refused[];
  usage(): EgressUsage;
  /** Close every connection. Idempotent. The placeholders are invalid afterwards. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 256;
/** After this many refusals, each further one takes a second, so that repeated requests cost the runner little. */
const QUICK_REFUSALS = 200;

const API = "https://api.anthropic.com";

/** Open the proxy of one run. Clients are hostile: their input can only end their own connection. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const { env, allow, log, maxUsd, prices } = options;
  const policy = policyOf(allow);
  const refusals = new Refusals(log);
  const meter: UsageMeter = new UsageMeter(() => options.onUsage?.(usage()));
  const dialer = createDialer({
    policy,
    proxyEnv: options.proxyEnv,
    lookup: boundedLookup(options.deps?.lookup ?? lookupAll),
    ownAddresses: options.deps?.ownAddresses ?? ownAddresses,
    ca: options.deps?.ca,
  });
  const pairOf = (name: string): Replacement[] =>
    env[name] ? [{ find: env[name], by: placeholderFor(env[name]) }] : [];
  const modelApi: Api = {
    base: baseUrl(env["ANTHROPIC_BASE_URL"] || API),
    pairs: MODEL_SECRETS.flatMap(pairOf),
    headers: parseHeaders(env["ANTHROPIC_CUSTOM_HEADERS"] ?? ""),
    answer: sendApiError,
  };
  const secrets = new Map<string, Api>(
    Object.entries(options.secrets).flatMap(([name, text]) => {
      const base = secretUrl(text);
      const pairs = pairOf(name);
      return base === null || pairs.length === 0
        ? []
        : [[name, { base, pairs, headers: {}, answer: sendLine }] as const];
    }),
  );
  const pairs = [...modelApi.pairs, ...[...secrets.values()].flatMap((secret) => secret.pairs)];

  const sockets = new OpenSockets();
  let closing: Promise<void> | null = null;
  let refusedCount = 0;
  const context: RouteContext = {
    policy,
    dialer,
    keep: sockets.keep,
    async refuse(target, why, answer) {
      const host = target === null ? "an unreadable address" : shownTarget(target);
      refusals.add(host, why);
      refusedCount += 1;
      if (refusedCount > QUICK_REFUSALS) await new Promise((resolve) => setTimeout(resolve, 1000).unref());
      answer(
        `tac8: this run may not connect to ${host}${why === "" ? "" : `: ${why}`}; allowed: ${policy.allowedHosts}; the operator can add it to agent.allow_hosts`,
      );
    },
  };
  const model = new ModelRoute(context, { api: modelApi, meter, maxUsd, prices, log });

  function usage(): EgressUsage {
    const { usd, byModel, unpriced } = costOf(meter.models, prices);
    const models = [...meter.models].map(([name, tokens]) => [name, { ...tokens, costUsd: byModel.get(name) ?? 0 }]);
    return { models: Object.fromEntries(models), costUsd: usd, unpriced, unread: meter.unread };
  }

  async function direct(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, name = "", path = "/"] = /^\/_secrets\/(\w+)(\/.*)?$/.exec(request.url ?? "") ?? [];
    if (name === "") return model.ask(request, response);
    const api = secrets.get(name);
    if (api === undefined) {
      return sendLine(response, 404, "tac8: agent.secrets has no such key, or the key has no value");
    }
    return askApi(context, api, { request, response, path, meter: null });
  }

  const server = createProxyServer({
    async request(request, response) {
      if (isReadWithBody(request)) return sendLine(response, 400, "tac8: a GET or HEAD with a body is not accepted");
      return request.url?.startsWith("/") ? direct(request, response) : plain(context, request, response);
    },
    tunnel: (request, client, head) => tunnel(context, { request, client, head }),
    ...(options.headMs === undefined ? {} : { headMs: options.headMs }),
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connection", (socket) => {
    // Refuse at once, before anything else: another issue's agent must not use up the connections of this run, or send
    // any data.
    if (options.uid !== undefined && !isClientOf(options.uid, socket)) socket.destroy();
    else context.keep(socket);
  });
  const listening = await listenOn(options, server);
  const { port } = listening;

  return {
    env: {
      ...withPlaceholders(env, pairs),
      ...proxyEnvironment(port, env),
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`,
      ANTHROPIC_CUSTOM_HEADERS: "",
      ...Object.fromEntries(
        [...secrets.keys()].flatMap((name) =>
          baseUrlNames(name).map((variable) => [variable, `http://127.0.0.1:${port}/_secrets/${name}`]),
        ),
      ),
    },
    allowed: policy.allowedHosts,
    refused: () => refusals.list(),
    usage,
    close: () =>
      (closing ??= (async () => {
        const closed = listening.close();
        sockets.end();
        await closed;
      })()),
  };
}

function baseUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:/i.test(text)) return new URL(text);
  throw new Error("ANTHROPIC_BASE_URL is not an http or https URL: correct it in the environment of tac8");
}
