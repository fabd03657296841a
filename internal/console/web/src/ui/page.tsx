import { Fragment, type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

/** A step of the way to a page. */
export interface Crumb {
  text: string;
  href?: string;
}

/** The lead of a page that is still being read: the height of a line, and nothing in it. */
export const later = "\u00a0";

interface PageProps {
  title: string;
  /** What the heading shows, if not the title alone. */
  heading?: ReactNode;
  crumbs?: Crumb[];
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/**
 * Page is the frame of each page: where it is, what it is, what can be done.
 * Its heading gets the focus when the page is come to, so that screen readers
 * begin there.
 */
export function Page({ title, heading, crumbs = [], lead, actions, children }: PageProps) {
  const h1 = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title + " · Pratique";
  }, [title]);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null) h1.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <div className="head">
        <div>
          <nav className="crumbs" aria-label="Where this is">
            {crumbs.map((c, i) => (
              <Fragment key={i}>
                {c.href ? <Link href={c.href}>{c.text}</Link> : <span>{c.text}</span>}
                <span aria-hidden="true">/</span>
              </Fragment>
            ))}
          </nav>
          <h1 ref={h1} tabIndex={-1}>{heading ?? title}</h1>
          {lead && <div className="lead">{lead}</div>}
        </div>
        {actions && <div className="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}
