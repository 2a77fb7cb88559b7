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
  /** These and the tokens are removed from every text that is sent. */
  secrets?: readonly string[];
  log: Logger;
  /** Minimum time between two writes; 0 for servers other than GitHub. */
  writeIntervalMs?: number;
  /** Time limit of one try, including the response body. */
  requestTimeoutMs?: number;
  /** The wait before the second try of a call; before the third it is 4 times as long, before the fourth 9 times. */
  retryBaseMs?: number;
  /** Called when the account of an App's token becomes known. */
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
    /** Tokens for other ways to access GitHub, such as git. Borrowed. */
    readonly tokens: GitHubTokens;
    /** Account that writes the comments; null while it is unknown. */
    readonly login: string | null;
    readonly counters: Counters;
    /** State of the rate limit at the latest response; null before the first one. */
    readonly rateLimit: RateLimit | null;
  };

/**
 * Create a client for the parts of GitHub's API that tac8 uses. Every method throws GitHubError, or its signal's reason. Errors and log
 * lines never contain a token, and every text that is sent goes through `outgoing.ts`.
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
