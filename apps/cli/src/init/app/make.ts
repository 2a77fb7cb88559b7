import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { GitHubError } from "@tac8/core/github/errors";
import { appManifest, newAppUrl, openCalls, type MadeApp } from "./manifest.ts";
import { webUrl } from "@tac8/core/github/urls";
import { createLogger } from "@tac8/core/log/logger";
import type { Context } from "../../context/context.ts";
import { Problem } from "../../problems/problem.ts";
import type { Prompt } from "../../terminal/prompt.ts";
import type { Repository } from "../answers.ts";
import { receiveCode } from "./receiveCode.ts";

/** Time limit, so that the local address does not stay open. Creating an App takes only minutes. */
const LIMIT_MS = 10 * 60_000;

interface Making {
  readonly repository: Repository;
  readonly apiUrl: string;
  /** Null: the command is not interactive. */
  readonly prompt: Prompt | null;
  readonly signal: AbortSignal;
}

/**
 * Let GitHub create an App from a manifest, in the operator's browser. @throws Problem if the operator interrupts it, if no code
 * arrives within 10 minutes, or if GitHub does not exchange the code for the App
 */
export async function makeApp(context: Context, making: Making): Promise<MadeApp> {
  const { repository, apiUrl, prompt, signal } = making;
  const { out, now } = context;
  const { owner } = repository;
  const log = createLogger({ name: "cli", level: "silent", secrets: [] });
  const calls = openCalls({ apiUrl, log, now });
  // If GitHub does not respond, use the page of the user's own Apps. The App can be transferred to an organization later.
  const isOrganization = await calls.isOrganization(owner, { signal }).catch(() => false);
  const organization = isOrganization ? owner : null;
  const home = webUrl(apiUrl, repository);
  const server = await receiveCode({
    actionFor: (state) => newAppUrl(apiUrl, { organization, state }),
    manifestFor: (redirectUrl) => appManifest({ owner, unique: randomBytes(2).toString("hex"), home, redirectUrl }),
  });
  const limit = AbortSignal.timeout(context.waits?.appCode ?? LIMIT_MS);
  try {
    out.line("To create a GitHub App for tac8, open this page in your browser and continue to GitHub:");
    out.line(`\n  ${server.url}\n`);
    out.line("If your browser is on another machine, forward this port from there first:");
    out.line(`  ssh -L ${server.port}:127.0.0.1:${server.port} ${hostname()}`);
    out.line("The page expires after 10 minutes.");
    const code = await firstOf(server.code, { server, prompt, signal: AbortSignal.any([signal, limit]) });
    prompt?.say(""); // Ends the line of the unanswered question.
    return await calls.takeApp(code, { signal });
  } catch (error) {
    if (signal.aborted) throw new Problem(`interrupted: run ${context.command} init --app again`, { cause: error });
    if (error === limit.reason) {
      const line = `no App was created in the browser within 10 minutes: run ${context.command} init --app again`;
      throw new Problem(line, { cause: error });
    }
    if (!(error instanceof GitHubError)) throw error;
    const line = `GitHub did not exchange this code for the App (${error.detail}): run ${context.command} init --app again`;
    throw new Problem(line, { cause: error });
  } finally {
    await server.close();
  }
}

type Waiting = Pick<Making, "prompt" | "signal"> & { readonly server: Awaited<ReturnType<typeof receiveCode>> };

/** Return the code from the browser, or from the operator, because the browser may be unable to reach this machine. */
async function firstOf(code: Promise<string>, { server, prompt, signal }: Waiting): Promise<string> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([code, stopped, ...(prompt === null ? [] : [pasted(prompt, server.read)])]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function pasted(prompt: Prompt, read: (text: string) => string | null): Promise<string> {
  prompt.say("If the browser cannot return to this page, paste the address from its address bar here.");
  for (;;) {
    const found = read(await prompt.ask("Waiting for GitHub… "));
    if (found !== null) return found;
    prompt.say("That address does not belong to this run, or contains no code: expected …/made?code=….");
  }
}
