import { appRoutes } from "./apps.ts";
import { commentRoutes } from "./comments.ts";
import { gitRoutes } from "./git.ts";
import { issueRoutes } from "./issues.ts";
import { labelRoutes } from "./labels.ts";
import { pullRoutes } from "./pulls.ts";
import { repositoryRoutes } from "./repositories.ts";
import type { PlainRoute, RepositoryRoute } from "./route.ts";
import { ruleRoutes } from "./rules.ts";
import { userRoutes } from "./user.ts";

export const PLAIN_ROUTES: readonly PlainRoute[] = userRoutes;

/** Fixed words come before parameters, so that /issues/comments is no issue number. */
export const REPOSITORY_ROUTES: readonly RepositoryRoute[] = [
  ...commentRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...pullRoutes,
  ...gitRoutes,
  ...ruleRoutes,
  ...repositoryRoutes,
];

/** Key of every REST operation that the sandbox answers. */
export const OPERATIONS: readonly string[] = [
  ...appRoutes.map(({ method, path }) => operationKey(method, path)),
  ...PLAIN_ROUTES.map(({ method, path }) => operationKey(method, path)),
  ...REPOSITORY_ROUTES.map(({ method, path }) => operationKey(method, `/repos/:owner/:repo${path}`)),
];

/**
 * Return the key of an operation, for example `GET /repos/{}/{}/issues/{}`. A parameter is `:number` in a route and
 * `{issue_number}` in GitHub's description; the key has neither name.
 */
export function operationKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/:\w+|\{\w+\}/g, "{}")}`;
}

/** Return the keys of the operations under the `paths` of a description. */
export function operationsOf(paths: Readonly<Record<string, object>>): string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => operationKey(method, path)),
  );
}
