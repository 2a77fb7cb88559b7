import { asArray, asObject, asString, contentOf, type Json } from "@tac8/core/conversation/json";
import { mainArgument } from "@tac8/core/conversation/toolText";
import type { Denial } from "@tac8/core/domain/denials";

/** Calls of tools that permission rules denied, and the newest calls, which have the command of a denied one. */
export interface Denials {
  readonly denied: readonly (Denial & { readonly call: string })[];
  readonly calls: readonly (Denial & { readonly call: string })[];
  readonly cwd: string;
}

export const NO_DENIALS: Denials = { denied: [], calls: [], cwd: "" };

const MAX_DENIED = 50;
/** A denial follows its call immediately, unless calls run in parallel. */
const MAX_CALLS = 50;
/** Longer than the text that is shown, because secrets are removed before the text is cut. */
const MAX_DETAIL = 2000;

/**
 * Return the denials after one more event. Pure. The CLI reports a denial in an event of its own, and again in the
 * result.
 */
export function withDenials(known: Denials, event: Json): Denials {
  switch (event["type"]) {
    case "assistant":
      return withCalls(known, event);
    case "system":
      return ofSystem(known, event);
    case "result":
      return asArray(event["permission_denials"])
        .slice(0, MAX_DENIED)
        .reduce<Denials>((now, entry) => ofResult(now, asObject(entry) ?? {}), known);
    default:
      return known;
  }
}

function withCalls(known: Denials, event: Json): Denials {
  const calls = contentOf(event).flatMap((block) => {
    const call = block["type"] === "tool_use" ? asString(block["id"]) : null;
    return call === null ? [] : [{ call, ...denial(known, block["name"], block["input"]) }];
  });
  return calls.length === 0 ? known : { ...known, calls: [...known.calls, ...calls].slice(-MAX_CALLS) };
}

function ofSystem(known: Denials, event: Json): Denials {
  if (event["subtype"] === "init") return { ...known, cwd: asString(event["cwd"]) ?? known.cwd };
  if (event["subtype"] !== "permission_denied") return known;
  const call = asString(event["tool_use_id"]) ?? "";
  const made = known.calls.find((entry) => entry.call === call);
  const tool = asString(event["tool_name"]) ?? made?.tool ?? "?";
  // Without its call, show the reason.
  const detail = made?.detail ?? (asString(event["message"]) ?? "").slice(0, MAX_DETAIL);
  return add(known, { call, tool, detail });
}

function ofResult(known: Denials, entry: Json): Denials {
  const call = asString(entry["tool_use_id"]) ?? "";
  return add(known, { call, ...denial(known, entry["tool_name"], entry["tool_input"]) });
}

function denial({ cwd }: Denials, tool: unknown, input: unknown): Denial {
  const detail = mainArgument(asObject(input) ?? {}, cwd).slice(0, MAX_DETAIL);
  return { tool: (asString(tool) ?? "?").slice(0, 100), detail };
}

function add(known: Denials, entry: Denials["denied"][number]): Denials {
  const there = known.denied.some(({ call }) => call !== "" && call === entry.call);
  if (there || known.denied.length >= MAX_DENIED) return known;
  return { ...known, denied: [...known.denied, entry] };
}
