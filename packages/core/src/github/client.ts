import { createRedactor } from "../log/redact.ts";
import type { Logger } from "../log/logger.ts";
import { createCaller } from "./call.ts";
import { commentCalls } from "./comments.ts";
import { historyCalls } from "./history.ts";
import { issueCalls } from "./issues.ts";
import { labelCalls } from "./labels.ts";
import { mayWriteCalls } from "./mayWrite.ts";
import { createOctokit } from "./octokit.ts";
import { pullCalls } from "./pulls.ts";
import { repositoryCalls } from "./repositories.ts";
import { ruleCalls } from "./rules.ts";
import { selfCalls } from "./self.ts";
import { tokenAuth } from "./tokenAuth.ts";
import type { GitHubTokens } from "./tokens.ts";
import { createTransport } from "./transport.ts";
import type { Counters, RateLimit } from "./types.ts";

export interface GitHubOptions {
  /** `https://api.github.com`, `https://<host>/api/v3` of an Enterprise server, or a local one. */
  apiUrl: string;
  tokens: GitHubTokens;
  /** These and the tokens get into no text that is sent. */
  secrets?: readonly string[];
  log: Logger;
  /** The shortest time between two writes; 0 for servers that are not GitHub's own. */
  writeIntervalMs?: number;
  /** For one try, body included. */
  requestTimeoutMs?: number;
  /** The wait before the second try of a call; before the third it is 4 times as long, before the fourth 9 times. */
  retryBaseMs?: number;
  /** Called once the account of an app's token is known. */
  onLogin?: (login: string) => void;
  /** Epoch milliseconds. */
  now: () => number;
}

export type GitHub = ReturnType<typeof repositoryCalls> &
  Omit<ReturnType<typeof selfCalls>, "currentLogin"> &
  ReturnType<typeof ruleCalls> &
  ReturnType<typeof issueCalls> &
  ReturnType<typeof historyCalls> &
  ReturnType<typeof commentCalls> &
  ReturnType<typeof labelCalls> &
  ReturnType<typeof mayWriteCalls> &
  ReturnType<typeof pullCalls> & {
    /** For what asks GitHub in another way, such as git. Borrowed. */
    readonly tokens: GitHubTokens;
    /** Of the account that comments are written by; null while it is not known. */
    readonly login: string | null;
    readonly counters: Counters;
    /** As of the latest answer; null before the first. */
    readonly rateLimit: RateLimit | null;
  };

/**
 * GitHub's API as far as tac8 needs it. Every method throws GitHubError, or its signal's reason. No token gets into an
 * error or a log line, and every text that is sent goes through `outgoing.ts`.
 */
export function createGitHub(options: GitHubOptions): GitHub {
  const { apiUrl, tokens, secrets = [], log, now, onLogin = () => undefined } = options;
  const { writeIntervalMs = 1000, requestTimeoutMs = 30_000, retryBaseMs = 250 } = options;
  const transport = createTransport({ timeoutMs: requestTimeoutMs });
  const redact = createRedactor(secrets);
  const auth = { authStrategy: tokenAuth, auth: { tokens } };
  const { fetch } = transport;
  const octokit = createOctokit({ apiUrl, auth, redact, log, writeIntervalMs, retryBaseMs, fetch, now });
  const caller = createCaller({ octokit, redact, token: tokens.name, log, now });
  const { currentLogin, ...self } = selfCalls(caller, { apiUrl, tokens, onLogin });
  const probes = mayWriteCalls(caller);
  const labels = labelCalls(caller);
  return {
    ...self,
    ...repositoryCalls(caller, { isApp: self.isApp, mayWrite: probes.mayWrite, now }),
    ...issueCalls(caller, labels),
    ...historyCalls(caller, { apiUrl }),
    ...commentCalls(caller, self.learnLogin),
    ...labels,
    ...probes,
    ...pullCalls(caller),
    ...ruleCalls(caller),
    tokens,
    get login() {
      return currentLogin();
    },
    counters: transport.counters,
    get rateLimit() {
      return transport.rateLimit;
    },
  };
}
