import type { IncomingMessage, ServerResponse } from "node:http";
import { formatCents } from "@tac8/core/domain/formats";
import type { ModelPrice } from "@tac8/core/config/routing";
import type { EgressLog } from "./open.ts";
import { sendApiError } from "./answers.ts";
import { askApi, type Api } from "./api.ts";
import { isModelRequest } from "./keyed.ts";
import { costOf, type UsageMeter } from "./usage.ts";
import type { RouteContext } from "./routeContext.ts";

export interface ModelOptions {
  readonly api: Api;
  readonly meter: UsageMeter;
  /** 0: no limit. */
  readonly maxUsd: number;
  readonly prices: Readonly<Record<string, ModelPrice>>;
  readonly log: EgressLog;
}

const MAX_REQUESTS = 32;

/** Route to the model: only messages, only with this run's placeholder, and only within the run's cost limit. */
export class ModelRoute {
  readonly #way: RouteContext;
  readonly #options: ModelOptions;
  #open = 0;
  #warnedUnpriced = false;

  constructor(context: RouteContext, options: ModelOptions) {
    this.#way = context;
    this.#options = options;
  }

  async ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = "", method = "" } = request;
    const [name = ""] = path.split("?", 1);
    // The CLI sends this request to check whether its API exists.
    if ((method === "HEAD" || method === "GET") && name === "/") return void response.writeHead(200).end();
    if (!isModelRequest(method, name)) {
      const asked = `${method} ${name.slice(0, 200)}`;
      return sendApiError(response, 403, `tac8: agents may only send messages to the model here, not ${asked}`);
    }
    const isMessage = name === "/v1/messages";
    const spent = isMessage ? this.#whySpent() : null;
    if (spent !== null) return sendApiError(response, 400, spent);
    if (this.#open >= MAX_REQUESTS) {
      return sendApiError(response, 429, `tac8: more than ${MAX_REQUESTS} requests to the model at once`);
    }
    this.#open += 1;
    try {
      const { api, meter } = this.#options;
      await askApi(this.#way, api, { request, response, path, meter: isMessage ? meter : null });
    } finally {
      this.#open -= 1;
    }
  }

  /**
   * Return a message if the cost limit is reached. Open requests may exceed it, because their cost is known only when
   * they end.
   */
  #whySpent(): string | null {
    const { maxUsd, meter, prices, log } = this.#options;
    if (maxUsd === 0) return null;
    const { usd, unpriced } = costOf(meter.models, prices);
    if (unpriced.length > 0 && !this.#warnedUnpriced) {
      this.#warnedUnpriced = true;
      const models = unpriced.join(", ");
      log.warn(
        { models },
        "llm.max_usd_per_run is not enforced by the proxy, because [[models]] has no price of these models",
      );
    }
    return usd < maxUsd ? null : `tac8: this run has cost ${formatCents(usd)}, and llm.max_usd_per_run is $${maxUsd}`;
  }
}
