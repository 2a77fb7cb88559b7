import type { Message } from "./message.ts";
import type { Target } from "./targets.ts";

/**
 * Result of sending a message. `later`: it was not accepted, but may be next time; `refused`: it will never be accepted; `unknown`: it was
 * sent, but no response states whether it was accepted.
 */
export type SendResult =
  | { readonly kind: "taken" }
  | { readonly kind: "later"; readonly why: string; readonly waitMs: number }
  | { readonly kind: "refused" | "unknown"; readonly why: string };

/** Longer than the HTTP client's own limit of 10 s for a connection, so a request that times out was sent. */
const SEND_MS = 20_000;
const MAX_WAIT_MS = 3_600_000;
const MAX_ANSWER_TEXT = 200;

/** Error codes of a connection that failed before anything was sent. */
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

/** Send one message, without retries. Never throws; `why` contains no address. */
export async function send(target: Target, message: Message, signal: AbortSignal): Promise<SendResult> {
  try {
    const response = await fetch(target.url, {
      method: "POST",
      // Use a new connection: a kept one may be closed while it is used, and then it is unknown whether the message was accepted.
      headers: { "content-type": "application/json", "user-agent": "tac8", connection: "close", ...target.headers },
      body: JSON.stringify(target.body(message)),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
    });
    const words = await beginning(response);
    return classifyResponse({ status: response.status, retryAfter: response.headers.get("retry-after"), words });
  } catch (error) {
    return classifyError(error);
  }
}

/** Return the result for a response. Pure. */
export function classifyResponse(response: { status: number; retryAfter: string | null; words: string }): SendResult {
  const { status, retryAfter, words } = response;
  if (status >= 200 && status < 300) return { kind: "taken" };
  const why = `it responded with ${status}${words === "" ? "" : `: ${words}`}`;
  // 407 is the response of a proxy that needs other credentials.
  if (status !== 407 && status !== 408 && status !== 429 && status < 500) return { kind: "refused", why };
  const seconds = Number(retryAfter ?? "");
  return { kind: "later", why, waitMs: seconds > 0 ? Math.min(seconds * 1000, MAX_WAIT_MS) : 0 };
}

/** Return the result for an error of the HTTP client. Pure. */
export function classifyError(error: unknown): SendResult {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (NOT_REACHED.has(code)) return { kind: "later", why: `it is unreachable (${code})`, waitMs: 0 };
  // The proxy refused to open a tunnel: nothing was sent yet.
  if (messagesOf(error).some((message) => message.startsWith("Proxy response")))
    return { kind: "later", why: "the proxy refuses to connect to it", waitMs: 0 };
  // The client refuses ports that belong to other protocols.
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
    return ""; // The status is enough.
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
