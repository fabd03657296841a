import { Button } from "@mantine/core";
import { Link } from "wouter";
import { Empty } from "../ui/states";
import { useAccount } from "./session";

/** NoRole tells somebody who may see nothing yet what to ask for, and whom. */
export function NoRole() {
  const account = useAccount();
  const groups = account.groups.length > 0 ? `, or your group ${account.groups.join(" or ")},` : "";
  return (
    <Empty title="There is nothing here that you may see" action={<Button component={Link} href="/account" variant="default">Your account</Button>}>
      You have no role yet. Ask an administrator, or the maintainer of a namespace, to give the account <b>{account.name}</b>{groups} one: reader to see and pull images, writer also to push them. It counts at once.
    </Empty>
  );
}
