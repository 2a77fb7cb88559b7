import type { Message } from "./message.ts";
import type { Target } from "./targets.ts";

/**
 * `later`: it was not taken, and may be next time; `refused`: it never will be; `unknown`: it was sent, and whether it was taken
 * nobody said.
 */
export type Sent =
  | { readonly kind: "taken" }
  | { readonly kind: "later"; readonly why: string; readonly waitMs: number }
  | { readonly kind: "refused" | "unknown"; readonly why: string };

/** Longer than the client's own 10 s for a connection: what is not answered by then was sent. */
const SEND_MS = 20_000;
const MAX_WAIT_MS = 3_600_000;
const MAX_ANSWER_TEXT = 200;

/** What a connection fails with before anything was sent. */
const NOT_REACHED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Sends one message, once. Never throws; `why` names no address. */
export async function send(target: Target, message: Message, signal: AbortSignal): Promise<Sent> {
  try {
    const answer = await fetch(target.url, {
      method: "POST",
      // On a connection of its own: one that was kept may end just when it is used, and nobody could tell what was taken.
      headers: { "content-type": "application/json", "user-agent": "tac8", connection: "close", ...target.headers },
      body: JSON.stringify(target.body(message)),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
    });
    const words = await beginning(answer);
    return classifyAnswer({ status: answer.status, retryAfter: answer.headers.get("retry-after"), words });
  } catch (error) {
    return classifyError(error);
  }
}

/** Pure. */
export function classifyAnswer(answer: { status: number; retryAfter: string | null; words: string }): Sent {
  const { status, retryAfter, words } = answer;
  if (status >= 200 && status < 300) return { kind: "taken" };
  const why = `it responded with ${status}${words === "" ? "" : `: ${words}`}`;
  // 407 is a proxy's, which wants other credentials.
  if (status !== 407 && status !== 408 && status !== 429 && status < 500) return { kind: "refused", why };
  const seconds = Number(retryAfter ?? "");
  return { kind: "later", why, waitMs: seconds > 0 ? Math.min(seconds * 1000, MAX_WAIT_MS) : 0 };
}

/** Pure. */
export function classifyError(error: unknown): Sent {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (NOT_REACHED.has(code)) return { kind: "later", why: `it is unreachable (${code})`, waitMs: 0 };
  // The answer to a request for a tunnel: nothing was sent yet.
  if (messagesOf(error).some((message) => message.startsWith("Proxy response")))
    return { kind: "later", why: "the proxy refuses to connect to it", waitMs: 0 };
  // Some ports are other protocols', and the client keeps from them.
  if (cause instanceof Error && cause.message === "bad port")
    return { kind: "refused", why: "its port is blocked by the HTTP client" };
  return { kind: "unknown", why: `the connection was closed without a response${code === "" ? "" : ` (${code})`}` };
}

function messagesOf(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...messagesOf(error.cause)] : [];
}

async function beginning({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  try {
    const { value } = await reader.read();
    const text = new TextDecoder().decode(value?.subarray(0, MAX_ANSWER_TEXT) ?? new Uint8Array());
    return text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  } catch {
    return ""; // The status says enough.
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
