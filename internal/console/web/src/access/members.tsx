import { Empty } from "../ui/states";
import { useRefusal } from "../session/rights";
import { Roles } from "./roles";

/** Who holds which role in a namespace. */
export function MembersSection({ namespace }: { namespace: string }) {
  const refused = useRefusal("manage", namespace);
  if (refused) return <div className="card"><Empty title="Members are shown to maintainers">A maintainer of {namespace} may see and change them.</Empty></div>;
  return <Roles realm={{ namespace }} title="Members">Who may do what in {namespace}. Administrators and others with a role in the whole instance are not listed.</Roles>;
}
