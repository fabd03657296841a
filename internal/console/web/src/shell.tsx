import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { OwnAccount } from "./api/types";
import { useHealth } from "./events/live";
import { has, type Right } from "./session/rights";
import { signOut } from "./session/session";
import { IconAuto, IconMenu, IconMoon, IconSun, IconUser, Logo } from "./ui/icons";
import { notifyFailure } from "./ui/notices";

/** The parts of the console, in the order of the navigation. */
const parts: { href: string; name: string; right?: Right }[] = [
  { href: "/", name: "Overview" },
  { href: "/repositories", name: "Repositories" },
  { href: "/risks", name: "Risks" },
  { href: "/namespaces", name: "Namespaces" },
  { href: "/access", name: "Access", right: "audit" },
  { href: "/administration", name: "Administration" },
];

/** Shell is what is around every page. */
export function Shell({ account, children }: { account: OwnAccount; children: ReactNode }) {
  const [path, navigate] = useLocation();
  const seen = parts.filter((p) => !p.right || has(account, p.right));
  const isCurrent = (href: string) => path === href || (href !== "/" && path.startsWith(href + "/"));
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [path]);
  return (
    <>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="shell">
        <div className="burger">
          <Menu position="bottom-start" width={220}>
            <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label="Navigation"><IconMenu size={20} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              {seen.map((p) => <Menu.Item key={p.href} onClick={() => navigate(p.href)}>{p.name}</Menu.Item>)}
            </Menu.Dropdown>
          </Menu>
        </div>
        <Link href="/" className="brand"><Logo />Pratique</Link>
        <nav aria-label="Main">
          {seen.map((p) => <Link key={p.href} href={p.href} aria-current={isCurrent(p.href) ? "page" : undefined}>{p.name}</Link>)}
        </nav>
        <div className="tools">
          <ThemeMenu />
          <AccountMenu account={account} />
        </div>
      </header>
      <Connection />
      <main id="content" tabIndex={-1}>{children}</main>
    </>
  );
}

/** Light, dark, or as the system is. */
export function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    { value: "light" as const, name: "Light", icon: <IconSun /> },
    { value: "dark" as const, name: "Dark", icon: <IconMoon /> },
    { value: "auto" as const, name: "As the system", icon: <IconAuto /> },
  ];
  const now = schemes.find((s) => s.value === colorScheme) ?? schemes[2]!;
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Colours: ${now.name}`} title="Colours">{now.icon}</ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {schemes.map((s) => (
          <Menu.Item key={s.value} leftSection={s.icon} role="menuitemradio" aria-checked={s.value === colorScheme} onClick={() => setColorScheme(s.value)}>{s.name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu({ account }: { account: OwnAccount }) {
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account ${account.name}`} title={account.name}><IconUser size={18} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Signed in as {account.name}</Menu.Label>
        <Menu.Item component={Link} href="/account">Your account</Menu.Item>
        <Menu.Item onClick={() => signOut().catch(notifyFailure)}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** How long a connection may be away before the reader is told. */
const patience = 4_000;

/** Connection tells when what is shown may be old, and that it will catch up. */
function Connection() {
  const health = useHealth();
  const client = useQueryClient();
  const [lost, setLost] = useState(false);
  const away = health !== "live" && health !== "off";
  useEffect(() => {
    if (!away) {
      setLost(false);
      return;
    }
    const timer = setTimeout(() => setLost(true), patience);
    return () => clearTimeout(timer);
  }, [away]);
  useEffect(() => {
    if (!lost) return;
    return () => void client.refetchQueries({ type: "active", predicate: (q) => q.state.status === "error" });
  }, [lost, client]);
  return <div role="status">{lost && <div className="offline">The connection to the server is lost. What is shown may be old; it will catch up by itself.</div>}</div>;
}
