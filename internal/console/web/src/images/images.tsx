import { lazy } from "react";
import { useLocation } from "wouter";
import { parse } from "../url/image";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";
import { ArtifactsPage } from "./artifacts";
import { NamespacesOfRepositories, RepositoriesPage } from "./repositories";

const ReportPage = lazy(() => import("../report/report"));

/** Images shows what an address below /repositories names. */
export default function Images() {
  useLocation(); // draws again when the address changes
  const rest = window.location.pathname.replace(/^\/repositories\/?/, "");
  if (rest === "") return <NamespacesOfRepositories />;
  const ref = parse(rest);
  if (!ref) {
    return (
      <Page title="Not found" crumbs={[{ text: "Repositories", href: "/repositories" }]}>
        <div className="card"><Empty title="That is not the name of an image">An image is written NAMESPACE/REPOSITORY:TAG or NAMESPACE/REPOSITORY@DIGEST.</Empty></div>
      </Page>
    );
  }
  const { namespace, repository, reference } = ref;
  if (!repository) return <RepositoriesPage key={namespace} namespace={namespace} />;
  if (!reference) return <ArtifactsPage key={`${namespace}/${repository}`} namespace={namespace} repository={repository} />;
  return <ReportPage key={`${namespace}/${repository}/${reference}`} namespace={namespace} repository={repository} reference={reference} />;
}
