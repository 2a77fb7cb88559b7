import type { Request } from "express";
import { sameRepo, type IssueRef } from "@tac8/core/domain/reference";
import type { Board } from "../services/board.ts";
import { NotFound } from "../http/notFound.ts";

/** Return the issue of `/issues/<owner>/<repo>/<number>`, in the spelling of the configuration. @throws NotFound for an invalid path */
export function issueOfPath({ config }: Pick<Board, "config">, { params }: Pick<Request, "params">): IssueRef {
  const [owner, repo, number] = [params["owner"], params["repo"], params["number"]].map(String);
  if (owner === undefined || repo === undefined || !/^[\w-]{1,100}$/.test(owner) || !/^[\w.-]{1,100}$/.test(repo)) {
    throw new NotFound("The page of an issue is /issues/OWNER/REPOSITORY/NUMBER.");
  }
  if (number === undefined || !/^[1-9]\d{0,9}$/.test(number)) {
    throw new NotFound("The page of an issue is /issues/OWNER/REPOSITORY/NUMBER.");
  }
  const known = config.repositories.find((entry) => sameRepo(entry, { owner, repo }));
  return { owner: known?.owner ?? owner, repo: known?.repo ?? repo, number: Number(number) };
}
