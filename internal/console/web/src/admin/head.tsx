import type { ReactNode } from "react";

/** PartHead is the heading of a part of the administration: what it is, and what can be done. */
export function PartHead({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="part-head">
      <div>
        <h2>{title}</h2>
        {children && <p className="quiet text-links">{children}</p>}
      </div>
      {actions && <div className="row">{actions}</div>}
    </div>
  );
}
