import type { LiveEvent } from "./event.ts";
import { asCount, asObject, asString, contentOf, textOf, type Json } from "./json.ts";
import { shortenEvent } from "./shorten.ts";

/** The argument of a tool that says most about the call, by tool input field, best first. */
const MAIN_ARGUMENTS = [
  "command",
  "file_path",
  "notebook_path",
  "path",
  "pattern",
  "url",
  "query",
  "description",
  "prompt",
];

/** What of an event is worth showing to someone who watches: one entry per content block, none for plumbing. */
export function liveEvents(event: Json, at: number): LiveEvent[] {
  return (entriesOf(event) ?? []).map((entry) => shortenEvent({ at, ...entry }));
}

type Entry = Omit<LiveEvent, "at">;

function entriesOf(event: Json): Entry[] | null {
  switch (event["type"]) {
    case "assistant":
      return contentOf(event).flatMap(assistantEntry);
    case "user":
      return contentOf(event).flatMap(userEntry);
    case "result":
      return [resultEntry(event)];
    case "system":
      return systemEntry(event);
    case "rate_limit_event":
      return rateLimitEntry(event);
    default:
      return null;
  }
}

function assistantEntry(block: Json): Entry[] {
  if (block["type"] === "text") return text("text", block["text"]);
  if (block["type"] === "thinking") return text("thinking", block["thinking"]);
  if (block["type"] !== "tool_use") return [];
  return [{ kind: "tool", tool: asString(block["name"]) ?? "?", text: mainArgument(block["input"]) }];
}

function userEntry(block: Json): Entry[] {
  if (block["type"] === "text") return text("notice", block["text"]);
  if (block["type"] !== "tool_result") return [];
  return [
    { kind: "tool-result", text: textOf(block["content"]), ...(block["is_error"] === true && { isError: true }) },
  ];
}

function resultEntry(event: Json): Entry {
  const isError = event["is_error"] !== false;
  const said = asString(event["result"]) ?? textOf(event["errors"]);
  return { kind: "result", text: said || (asString(event["subtype"]) ?? ""), ...(isError && { isError }) };
}

function systemEntry(event: Json): Entry[] | null {
  switch (event["subtype"]) {
    case "init":
      return [
        { kind: "init", text: `${asString(event["model"]) ?? "?"}, session ${asString(event["session_id"]) ?? "?"}` },
      ];
    case "api_retry":
      return [{ kind: "notice", isError: true, text: retryText(event) }];
    case "model_fallback":
      return [
        { kind: "notice", text: `model ${String(event["original_model"])} → ${String(event["fallback_model"])}` },
      ];
    case "permission_denied":
      return [{ kind: "notice", isError: true, text: asString(event["message"]) ?? "permission denied" }];
    default:
      return null;
  }
}

function retryText(event: Json): string {
  const status = asCount(event["error_status"]) || "no answer";
  const seconds = Math.round(asCount(event["retry_delay_ms"]) / 1000);
  return `model API: ${status} ${asString(event["error"]) ?? ""}, try ${asCount(event["attempt"])} again in ${seconds} s`;
}

function rateLimitEntry(event: Json): Entry[] | null {
  const info = asObject(event["rate_limit_info"]);
  if (info === null || info["status"] === "allowed") return null;
  return [{ kind: "notice", text: `rate limit: ${asString(info["status"]) ?? "?"}` }];
}

function text(kind: LiveEvent["kind"], value: unknown): Entry[] {
  const said = asString(value)?.trim();
  return said ? [{ kind, text: said }] : [];
}

function mainArgument(input: unknown): string {
  const fields = asObject(input) ?? {};
  const name = MAIN_ARGUMENTS.find((field) => typeof fields[field] === "string");
  return name === undefined ? JSON.stringify(fields).slice(0, 2000) : String(fields[name]);
}
