import { type FormEvent, type ReactNode, useEffect } from "react";
import { ThemeMenu } from "../shell";
import { Logo } from "../ui/icons";

/** What stands before the console. */
export function Gate({ title, onSubmit, children, foot }: { title: string; onSubmit?(e: FormEvent): void; children: ReactNode; foot?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Pratique`;
  }, [title]);
  const inside = (
    <>
      <div className="row">
        <Logo size={32} />
        <h1 id="gate">{title}</h1>
      </div>
      {children}
      <div className="row">
        <span className="small quiet">{window.location.host}</span>
        {foot}
        <span style={{ marginLeft: "auto" }}><ThemeMenu /></span>
      </div>
    </>
  );
  return (
    <main className="sign-in">
      {onSubmit ? <form className="card pad stackv box" onSubmit={onSubmit} aria-labelledby="gate">{inside}</form> : <section className="card pad stackv box" aria-labelledby="gate">{inside}</section>}
    </main>
  );
}
