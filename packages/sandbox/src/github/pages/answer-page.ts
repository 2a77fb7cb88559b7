import type { IncomingMessage } from "node:http";
import { ApiError, type Answer } from "../answer.ts";
import type { Repository } from "../model.ts";
import type { Store } from "../store.ts";
import { applyForm } from "./form.ts";
import { document, markup, PAGE_HEADERS } from "./html.ts";
import { issuePage } from "./issue-page.ts";
import { homePage, repositoryPage } from "./lists.ts";

export interface PageRequest {
  readonly store: Store;
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: string;
}

const page = (status: number, body: string): Answer => ({ status, headers: { ...PAGE_HEADERS }, body });

/** Serve the pages for users, who act there as the repository's owner. */
export async function answerPage(options: PageRequest): Promise<Answer> {
  const { store, request, url, body } = options;
  try {
    const [, owner, name, kind, number] = url.pathname.split("/").map(decodeURIComponent);
    if (owner === undefined || owner === "") return page(200, homePage(store));
    const repository = store.find(`${owner}/${name ?? ""}`);
    if (repository === undefined) return nothing(url.pathname);
    if (kind === undefined || kind === "") return page(200, repositoryPage(repository));
    return await answerIssue({ store, request, url, body, repository, number: Number(number) });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return page(error.status, sorry(error.message));
  }
}

async function answerIssue(options: PageRequest & { repository: Repository; number: number }): Promise<Answer> {
  const { store, request, url, body, repository, number } = options;
  const issue = repository.issues.get(number);
  if (issue === undefined || issue.deleted || issue.movedTo !== null) return nothing(url.pathname);
  if (request.method !== "POST") return page(200, await issuePage({ store, repository, issue }));
  if (!fromOurPage(request)) throw new ApiError(403, "This form was sent from another page.");
  await applyForm({ store, repository, issue, fields: new URLSearchParams(body) });
  return { status: 303, headers: { location: url.pathname } };
}

/** A browser says where a form comes from; other pages may not act here. */
function fromOurPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  return headers.origin !== undefined && URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}

const nothing = (path: string): Answer => page(404, sorry(`There is nothing at ${path}.`));

const sorry = (message: string): string =>
  document({
    title: "Local GitHub",
    trail: markup``,
    main: markup`<h1>Sorry</h1>
      <p>${message}</p>`,
  });
