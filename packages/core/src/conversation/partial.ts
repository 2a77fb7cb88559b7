import type { Figures } from "../domain/usage.ts";
import { figuresOfMessage } from "./figures.ts";
import { asObject, asString, type Json } from "./json.ts";

const MAX_TEXT = 60_000;

/** Collects the parts of a model's response from `stream_event`s, until the complete response is received. */
export class PartialMessages {
  #text = "";
  #figures: Figures | null = null;

  add(event: Json): void {
    if (asString(event["parent_tool_use_id"]) !== null) return;
    const inner = asObject(event["event"]) ?? {};
    if (inner["type"] === "message_start") this.#figures = figuresOfMessage(asObject(inner["message"]) ?? {});
    const output = asString(asObject(inner["delta"])?.["text"]);
    if (output !== null && this.#text.length < MAX_TEXT) this.#text += output;
  }

  /** Return the parts and remove them: the complete response was received, or no further part follows. */
  take(): { readonly text: string; readonly figures: Figures | null } {
    const taken = { text: this.#text.trim(), figures: this.#figures };
    this.#text = "";
    this.#figures = null;
    return taken;
  }
}
