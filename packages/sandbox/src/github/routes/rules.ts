import { json, notFound } from "../answer.ts";
import { page } from "../paging.ts";
import { fullName } from "../store.ts";
import { rulesetsOf } from "../rules.ts";
import type { RepositoryRoute } from "./route.ts";

export const ruleRoutes: readonly RepositoryRoute[] = [
  {
    method: "GET",
    path: "/rules/branches/:branch",
    run({ repository, params, url }) {
      const found = rulesetsOf(repository, `refs/heads/${params["branch"] ?? ""}`);
      const rules = found.flatMap(({ id, rules: list }) => list.map((rule) => ({ rule, id })));
      return page(rules, url, ({ rule, id }) => ({
        ...rule,
        ruleset_source_type: "Repository",
        ruleset_source: fullName(repository),
        ruleset_id: id,
      }));
    },
  },
  {
    method: "GET",
    path: "/rulesets",
    run: ({ repository, url }) =>
      page(repository.rulesets, url, ({ id, name }) => ({
        id,
        name,
        target: "branch",
        source_type: "Repository",
        source: fullName(repository),
        enforcement: "active",
      })),
  },
  {
    method: "GET",
    path: "/rulesets/:id",
    run({ repository, params, user }) {
      const found = repository.rulesets.find(({ id }) => id === Number(params["id"]));
      if (found === undefined) throw notFound();
      const { id, name, include, exclude, rules, bypass } = found;
      return json(200, {
        id,
        name,
        target: "branch",
        source_type: "Repository",
        source: fullName(repository),
        enforcement: "active",
        current_user_can_bypass: bypass.includes(user.login) ? "always" : "never",
        conditions: { ref_name: { include, exclude } },
        rules,
      });
    },
  },
];
