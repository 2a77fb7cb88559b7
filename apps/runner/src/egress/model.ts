import type { IncomingMessage, ServerResponse } from "node:http";
import { formatCents } from "@tac8/core/domain/formats";
import type { ModelPrice } from "@tac8/core/config/routing";
import type { EgressLog } from "./open.ts";
import { sayAsApi } from "./answers.ts";
import { askApi, type Api } from "./api.ts";
import { isModelRequest } from "./keyed.ts";
import { costOf, type UsageMeter } from "./usage.ts";
import type { Way } from "./way.ts";

export interface ModelOptions {
  readonly api: Api;
  readonly meter: UsageMeter;
  /** 0: no limit. */
  readonly maxUsd: number;
  readonly prices: Readonly<Record<string, ModelPrice>>;
  readonly log: EgressLog;
}

const MAX_REQUESTS = 32;

/** The way to the model: only messages, only with this run's stand-in, and not beyond what the run may cost. */
export class ModelRoute {
  readonly #way: Way;
  readonly #options: ModelOptions;
  #open = 0;
  #saidUnpriced = false;

  constructor(way: Way, options: ModelOptions) {
    this.#way = way;
    this.#options = options;
  }

  async ask(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = "", method = "" } = request;
    const [name = ""] = path.split("?", 1);
    // The CLI asks this way whether its API is there.
    if ((method === "HEAD" || method === "GET") && name === "/") return void response.writeHead(200).end();
    if (!isModelRequest(method, name)) {
      const asked = `${method} ${name.slice(0, 200)}`;
      return sayAsApi(response, 403, `tac8: agents may only send messages to the model here, not ${asked}`);
    }
    const isMessage = name === "/v1/messages";
    const spent = isMessage ? this.#whySpent() : null;
    if (spent !== null) return sayAsApi(response, 400, spent);
    if (this.#open >= MAX_REQUESTS) {
      return sayAsApi(response, 429, `tac8: more than ${MAX_REQUESTS} requests to the model at once`);
    }
    this.#open += 1;
    try {
      const { api, meter } = this.#options;
      await askApi(this.#way, api, { request, response, path, meter: isMessage ? meter : null });
    } finally {
      this.#open -= 1;
    }
  }

  /** What requests that are open at the limit cost comes on top: nobody knows it before they end. */
  #whySpent(): string | null {
    const { maxUsd, meter, prices, log } = this.#options;
    if (maxUsd === 0) return null;
    const { usd, unpriced } = costOf(meter.models, prices);
    if (unpriced.length > 0 && !this.#saidUnpriced) {
      this.#saidUnpriced = true;
      const models = unpriced.join(", ");
      log.warn({ models }, "max_usd_per_run is not enforced by the proxy: no price of the model is configured");
    }
    return usd < maxUsd ? null : `tac8: this run has cost ${formatCents(usd)}, and llm.max_usd_per_run is $${maxUsd}`;
  }
}
