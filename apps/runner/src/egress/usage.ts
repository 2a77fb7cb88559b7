import { asCount, asObject, asString, type Json } from "@tac8/core/conversation/json";
import { NO_TOKENS, tokensBy, totalTokens, type Tokens } from "@tac8/core/domain/usage";
import type { ModelPrice } from "@tac8/core/config/routing";

/** Tokens of one model, as the answers of the model's API report them. */
export interface ModelTokens extends Tokens {
  /** Part of `cacheWriteTokens` that is cached for an hour, at a higher price. */
  readonly hourCacheWriteTokens: number;
}

const NOTHING: ModelTokens = { ...NO_TOKENS, hourCacheWriteTokens: 0 };

/**
 * Prices of cached tokens relative to the price of input:
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
const CACHE_READ = 0.1;
const CACHE_WRITE = 1.25;
const HOUR_CACHE_WRITE = 2;

/** Limits: larger JSON answers and lines of an event stream are not read. */
const MAX_JSON = 8 * 1024 * 1024;
const MAX_LINE = 1024 * 1024;
const MAX_MODELS = 50;

/** Growth of the count after which a report is due: a few hundred reports are enough for any run. */
const REPORT_GROWTH = 0.1;

/** Tokens of one run by model. */
export class UsageMeter {
  readonly #models = new Map<string, ModelTokens>();
  readonly #report: () => void;
  #unread = 0;
  #reported = 0;

  /** @param report called when the count has grown by a tenth since the last call */
  constructor(report: () => void = () => undefined) {
    this.#report = report;
  }

  /** Number of answers whose usage could not be read. */
  get unread(): number {
    return this.#unread;
  }

  addUnread(): void {
    this.#unread += 1;
    this.#grown();
  }

  add(model: string, before: ModelTokens, now: ModelTokens): void {
    const name = this.#models.has(model) || this.#models.size < MAX_MODELS ? model.slice(0, 100) : "other";
    const total = this.#models.get(name) ?? NOTHING;
    this.#models.set(
      name,
      combine((field) => total[field] + now[field] - before[field]),
    );
    this.#grown();
  }

  #grown(): void {
    const tokens = [...this.#models.values()].reduce((sum, model) => sum + totalTokens(model), 0);
    const count = tokens + this.#unread;
    if (count <= this.#reported * (1 + REPORT_GROWTH)) return;
    this.#reported = count;
    this.#report();
  }

  get models(): ReadonlyMap<string, ModelTokens> {
    return this.#models;
  }
}

/**
 * Return the cost in US dollars of the models with a known price, by model and in total, and the names of the other
 * models.
 */
export function costOf(
  models: ReadonlyMap<string, ModelTokens>,
  prices: Readonly<Record<string, ModelPrice>>,
): { readonly usd: number; readonly byModel: ReadonlyMap<string, number>; readonly unpriced: readonly string[] } {
  const byModel = new Map<string, number>();
  const unpriced: string[] = [];
  for (const [model, tokens] of models) {
    const price = priceOf(prices, model);
    if (price === undefined) unpriced.push(model);
    else byModel.set(model, (inputOf(tokens) * price.input + tokens.outputTokens * price.output) / 1_000_000);
  }
  return { usd: [...byModel.values()].reduce((sum, usd) => sum + usd, 0), byModel, unpriced };
}

/** Return the number of uncached input tokens with the same cost. */
function inputOf({ inputTokens, cacheReadTokens, cacheWriteTokens, hourCacheWriteTokens }: ModelTokens): number {
  const hour = Math.min(hourCacheWriteTokens, cacheWriteTokens);
  const writes = (cacheWriteTokens - hour) * CACHE_WRITE + hour * HOUR_CACHE_WRITE;
  return inputTokens + cacheReadTokens * CACHE_READ + writes;
}

/** Remove the date from a model's name: the API returns `claude-sonnet-4-5-20250929`. Pure. */
export function undated(model: string): string {
  return model.replace(/-\d{8}$/, "");
}

function priceOf(prices: Readonly<Record<string, ModelPrice>>, model: string): ModelPrice | undefined {
  const name = [model, undated(model)].find((name) => Object.hasOwn(prices, name));
  return name === undefined ? undefined : prices[name];
}

/** Reads the usage of one answer as it passes. Keeps at most one line of events, or one JSON document. */
export class AnswerReader {
  readonly #meter: UsageMeter;
  readonly #isStream: boolean;
  readonly #asked: string;
  #text = "";
  #tooLong = false;
  #decoder = new TextDecoder();
  #model = "";
  #counted: ModelTokens = NOTHING;

  /** @param asked the requested model, if the answer has no name */
  constructor(meter: UsageMeter, { contentType, asked }: { readonly contentType: string; readonly asked: string }) {
    this.#meter = meter;
    this.#isStream = contentType.startsWith("text/event-stream");
    this.#asked = asked;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  end(): void {
    if (this.#isStream) this.#take("\n");
    else if (!this.#tooLong) this.#read(this.#text);
    if (this.#counted === NOTHING) this.#meter.addUnread();
    this.#text = "";
  }

  #take(text: string): void {
    this.#text += text;
    if (!this.#isStream) {
      if (this.#text.length > MAX_JSON) this.#drop();
      return;
    }
    for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, at);
      this.#text = this.#text.slice(at + 1);
      if (!this.#tooLong && line.startsWith("data:") && line.includes('"usage"')) this.#read(line.slice(5));
      this.#tooLong = false;
    }
    if (this.#text.length > MAX_LINE) this.#drop();
  }

  #drop(): void {
    this.#tooLong = true;
    this.#text = "";
  }

  #read(json: string): void {
    let event: Json | null;
    try {
      event = asObject(JSON.parse(json));
    } catch {
      return; // Cut off, or not JSON: it has no usage.
    }
    const message = asObject(event?.["message"]) ?? event;
    const usage = asObject(message?.["usage"]) ?? asObject(event?.["usage"]);
    this.#model ||= asString(message?.["model"]) ?? "";
    if (usage === null) return;
    // Later events have the sums so far, and omit unchanged fields.
    const before = this.#counted;
    const counted = tokensIn(usage);
    const now = combine((field) => Math.max(before[field], counted[field]));
    this.#counted = now;
    this.#meter.add(this.#model || this.#asked, before, now);
  }
}

function tokensIn(usage: Json): ModelTokens {
  return {
    inputTokens: asCount(usage["input_tokens"]),
    outputTokens: asCount(usage["output_tokens"]),
    cacheReadTokens: asCount(usage["cache_read_input_tokens"]),
    cacheWriteTokens: asCount(usage["cache_creation_input_tokens"]),
    hourCacheWriteTokens: asCount(asObject(usage["cache_creation"])?.["ephemeral_1h_input_tokens"]),
  };
}

function combine(value: (field: keyof ModelTokens) => number): ModelTokens {
  return { ...tokensBy(value), hourCacheWriteTokens: value("hourCacheWriteTokens") };
}
