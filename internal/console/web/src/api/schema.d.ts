// Made by npm run api from docs/openapi.yaml. Do not edit.

export interface paths {
    "/account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who asks, and what that account may do */
        get: operations["getOwnAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/account/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the own password
         * @description All sessions of the account end; a browser that asks gets a new one.
         */
        post: operations["changeOwnPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List accounts by name with their groups and roles */
        get: operations["listAccounts"];
        put?: never;
        /**
         * Create an account, without roles
         * @description Without a password it can only be used with credentials, by programs. A one-time password is told in the answer, only this once, and must be changed at its first use.
         */
        post: operations["createAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{account}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an account */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        /** Delete an account with its roles, credentials and sessions */
        delete: operations["deleteAccount"];
        options?: never;
        head?: never;
        /**
         * Disable or enable an account
         * @description Disabled accounts can do nothing, at once: their sessions end, their tokens and credentials open nothing.
         */
        patch: operations["changeAccount"];
        trace?: never;
    };
    "/accounts/{account}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give an account another password
         * @description Without a body the password is made at random and told in the answer, only this once. The sessions of the account end.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/advisories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe the advisory database in force, and how it is fetched */
        get: operations["listAdvisories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/advisories/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fetch advisories now
         * @description It is done in the background; the list of advisories tells how it goes.
         */
        post: operations["updateAdvisories"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who did what to what, latest first
         * @description Changes, pulls and pushes, and what was refused. What happens again within a minute is one entry with a count.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Export the audit log, latest first, as CSV or as JSON lines */
        get: operations["exportAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List batches, latest first */
        get: operations["listBatches"];
        put?: never;
        /**
         * Scan all images of a selection, one after the other
         * @description Which images are meant is decided at once. Their scans wait behind all others.
         */
        post: operations["startBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell how many images a batch would scan, and what that would cost */
        post: operations["previewBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batch}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a batch with its progress */
        get: operations["getBatch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batch}/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the images of a batch, in their order */
        get: operations["listBatchImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batch}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a batch
         * @description No further image is scanned. Scans that run go on to their end, unless they are to be stopped too. A scan that somebody else has asked for as well is not stopped.
         */
        post: operations["stopBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the own credentials, or those of another account or of all
         * @description Those of others are for auditors and administrators of the whole program.
         */
        get: operations["listCredentials"];
        put?: never;
        /**
         * Make a credential for a program
         * @description It is used in place of the password by registry clients and here, and here also as a bearer token. It may do what the account may at the time, narrowed to the namespaces and verbs named. Administrators make them for other accounts too.
         */
        post: operations["createCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credentials/{credential}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a credential, at once */
        delete: operations["deleteCredential"];
        options?: never;
        head?: never;
        /** Disable or enable a credential, at once */
        patch: operations["changeCredential"];
        trace?: never;
    };
    "/dashboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell how all images stand: by verdict and severity, over the last 30 days, and which are the worst */
        get: operations["getDashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what happened, latest first
         * @description Scans, changes of verdicts and refused pulls, for as long as the server keeps them.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow what happens
         * @description A stream of server-sent events. The name of each is its kind, its data an event. It goes on after the event named by "after" or the header Last-Event-ID, and with neither begins now.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List decisions about findings by id
         * @description A namespace, repository or digest selects whatever holds for something in it, so also what holds for all images. Removed ones are listed only on request.
         */
        get: operations["listExceptions"];
        put?: never;
        /**
         * Ignore or whitelist findings
         * @description What is ignored stays in reports, marked. What is whitelisted goes away and does not block downloads.
         */
        post: operations["createException"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/exceptions/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what happened to exceptions, latest first, removed ones included */
        get: operations["listExceptionHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/exceptions/openvex": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Write exceptions about vulnerabilities as one OpenVEX document
         * @description Those in force, unless another state is asked for. What whitelists becomes not_affected (fixed, if the reason begins so), what ignores under_investigation. Exceptions that name no vulnerability have no place in such a document.
         */
        get: operations["exportExceptions"];
        put?: never;
        /**
         * Make exceptions of an OpenVEX document
         * @description Every statement is answered for. What is there already stays as it is, so a document can be imported again. What is affected never becomes an exception.
         */
        post: operations["importExceptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/exceptions/{exception}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an exception, also a removed one */
        get: operations["getException"];
        put?: never;
        post?: never;
        /**
         * Remove an exception: what it was about is handled no more
         * @description It stays in the history.
         */
        delete: operations["removeException"];
        options?: never;
        head?: never;
        /**
         * Give an exception another reason or expiry
         * @description What is absent keeps its value. One that has expired counts again with a later expiry.
         */
        patch: operations["changeException"];
        trace?: never;
    };
    "/gates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the gates a scan must pass, in their order
         * @description The authorization is the tenant's, given once for a region; the other gates are open unless somebody closes them.
         */
        get: operations["listGates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/gates/{gate}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Open or close a gate */
        put: operations["setGate"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List groups by name with their members */
        get: operations["listGroups"];
        put?: never;
        /** Create a group */
        post: operations["createGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{group}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a group with its roles */
        delete: operations["deleteGroup"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{group}/members/{account}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Put an account into a group */
        put: operations["addMember"];
        post?: never;
        /** Take an account out of a group */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe the service: version and limits */
        get: operations["getInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/judging": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell how far all images are judged by what is in force
         * @description Images are judged again, without a scan, when advisories, rules, policies or exceptions change or something expires.
         */
        get: operations["getJudging"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metering": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what the tenant used in a month
         * @description A unit is a scan that succeeded, also a repeated one. The statement covers all instances of the tenant.
         */
        get: operations["getStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List namespaces by name */
        get: operations["listNamespaces"];
        put?: never;
        /**
         * Create a namespace
         * @description Scans and blocking are off in a new namespace, and can be set only by modifying it.
         */
        post: operations["createNamespace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a namespace with its policy and allowlist */
        get: operations["getNamespace"];
        /**
         * Modify a namespace
         * @description "public" must be given. What else is absent keeps its value; an allowlist replaces the whole list.
         */
        put: operations["updateNamespace"];
        post?: never;
        /** Delete a namespace that holds nothing */
        delete: operations["deleteNamespace"];
        options?: never;
        head?: never;
        /**
         * Modify parts of a namespace
         * @description What is absent keeps its value; an allowlist replaces the whole list.
         */
        patch: operations["patchNamespace"];
        trace?: never;
    };
    "/namespaces/{namespace}/policy/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell what a policy would have refused of the pulls of the last 30 days
         * @description The policy is the namespace's, with the change applied and blocking on, whether it is or not. It is judged by what is known of the images now. Nothing is changed.
         */
        post: operations["previewPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the repositories of a namespace by name */
        get: operations["listRepositories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a repository with all that is in it */
        delete: operations["deleteRepository"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the artifacts of a repository with scan overview and verdict */
        get: operations["listArtifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an artifact with scan overview and verdict */
        get: operations["getArtifact"];
        put?: never;
        post?: never;
        /**
         * Delete an artifact with all its tags
         * @description To delete one tag only, use the path of the tag.
         */
        delete: operations["deleteArtifact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/difference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell what an image has that an earlier one had not, and the other way round
         * @description Both must have a report. What is whitelisted now is left out of both. The same vulnerability in another version of the same package has neither come nor gone. With "since" the image is compared with itself: with what its report said then, or if that is not known, at the first moment that is; "from.at" tells which. What is known of an earlier time are the findings of categories that can block pulls.
         */
        get: operations["getDifference"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the file information of a report: totals, by type and by layer, the largest files, what is wasted, special rights */
        get: operations["getFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the findings of a report that are no vulnerabilities of packages
         * @description Secrets are masked; they are nowhere in the registry's database.
         */
        get: operations["listFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a report without its long lists
         * @description The image and its layers, what was counted, checks of settings, the base image and notes.
         */
        get: operations["getOverview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the software of a report */
        get: operations["listPackages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the report in force of an artifact
         * @description That is the report of the latest scan that succeeded, whatever became of later ones, judged by the advisories in force, without what is whitelisted now.
         */
        get: operations["getReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/scan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the latest scan of an artifact */
        get: operations["getLatestScan"];
        put?: never;
        /**
         * Ask for a scan of an artifact
         * @description For an index the images it names are scanned. The report in force stays in force until the scan has succeeded. The Location of the answer tells how the scan goes on.
         */
        post: operations["requestScan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/scans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the scans of an artifact, latest first */
        get: operations["listScans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/tags/{tag}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a tag of an artifact */
        delete: operations["deleteTag"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/verdict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether an artifact can be downloaded now, and why */
        get: operations["getVerdict"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/verdicts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the changes of an artifact's verdict with their causes, latest first */
        get: operations["listVerdictChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/repositories/{repository}/artifacts/{reference}/vulnerabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the vulnerabilities of a report */
        get: operations["listVulnerabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List who holds which role in a namespace itself */
        get: operations["listNamespaceRoles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/roles/{kind}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give an account or a group a role in a namespace
         * @description It takes the place of the role it has there. Administrators and auditors are of the whole instance only.
         */
        put: operations["grantNamespaceRole"];
        post?: never;
        /** Take away the role an account or a group has in a namespace */
        delete: operations["revokeNamespaceRole"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files of rules of a namespace
         * @description They add to the rules of the server, or replace those of the same name.
         */
        get: operations["listRules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/namespaces/{namespace}/rules/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a file of rules */
        get: operations["getRuleFile"];
        /**
         * Add or replace a file of rules
         * @description Images are judged again by it where that takes no other look at them; the others need a scan, and the list of rules counts them. A file with an error is refused with its line, and the rules in force stay in force.
         */
        put: operations["putRuleFile"];
        post?: never;
        /** Remove a file of rules */
        delete: operations["deleteRuleFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/repositories": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the repositories of all namespaces by namespace and name, with how their images stand */
        get: operations["listAllRepositories"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what rules found in all images, the worst first
         * @description Malicious files, unsafe settings, weak passwords, sensitive information and software compliance, as found.
         */
        get: operations["listRiskFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/findings/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the images in which a rule found something */
        get: operations["listFoundImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/findings/rule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Describe a rule that found something, and what to do about it
         * @description In the words of the report of one of the images in which it did, which may be about that image.
         */
        get: operations["getRiskRule"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the packages that images hold by name, those that begin with what is looked for first */
        get: operations["listRiskPackages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/packages/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the images that hold a package */
        get: operations["listPackageImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/vulnerabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the vulnerabilities of all images
         * @description As found, before anybody's decision about them; each image's own report tells those.
         */
        get: operations["listRiskVulnerabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/vulnerabilities/{vulnerability}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Describe a vulnerability that an image has */
        get: operations["getRiskVulnerability"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/vulnerabilities/{vulnerability}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List when images had a vulnerability, what happened last first
         * @description Of images that are still here. What is over is kept for as long as events are.
         */
        get: operations["listVulnerabilityHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/risks/vulnerabilities/{vulnerability}/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the images that have a vulnerability, with the packages they have it by */
        get: operations["listVulnerableImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who holds which role in the whole instance
         * @description Those that hold everywhere are listed on request.
         */
        get: operations["listRoles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles/{kind}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give an account or a group a role in the whole instance
         * @description It takes the place of the role it has there.
         */
        put: operations["grantRole"];
        post?: never;
        /** Take away the role an account or a group has in the whole instance */
        delete: operations["revokeRole"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files of rules of the server, and the namespaces that have rules of their own
         * @description The built-in rules are not listed. The files of the server are in the directory that its configuration names as scan.rules, and hold for every namespace.
         */
        get: operations["getServerRules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the beginning of a file of rules of the server */
        get: operations["getServerRuleFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/scans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the scans that run, and those that wait in the order they are taken */
        get: operations["listActiveScans"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/scans/{scan}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a scan */
        get: operations["getScan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/scans/{scan}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a scan that waits or runs
         * @description It ends as failed with the cause image_scan_stop; an earlier report stays in force.
         */
        post: operations["stopScan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the schedules of the instance by name */
        get: operations["listSchedules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schedules/{schedule}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a schedule */
        get: operations["getSchedule"];
        /**
         * Create or replace a schedule
         * @description It runs next at the time of day it names, and every few days from then on. Replaced by one with the same days and time it keeps its next run.
         */
        put: operations["setSchedule"];
        post?: never;
        /**
         * Delete a schedule
         * @description A run of it that goes on is a batch, which can be stopped.
         */
        delete: operations["deleteSchedule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell who is signed in, as the account does */
        get: operations["getSession"];
        put?: never;
        /**
         * Begin a session of a browser
         * @description The answer sets a cookie that no script can read. Changes with it need the header X-Requested-With, with any value.
         */
        post: operations["signIn"];
        /** End the session the request is made in */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the own sessions, latest first */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End one of the own sessions */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the settings of the instance: limits of scans, and what is not scanned */
        get: operations["getSettings"];
        /**
         * Replace the settings of the instance
         * @description What is absent has its default: that of the profile, or else of the server's configuration. Scans that run keep the limits they began with.
         */
        put: operations["setSettings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Count what the whole service holds, over all instances */
        get: operations["getStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            /** Format: date-time */
            createdAt: string;
            /** @description Whether it can do nothing */
            disabled: boolean;
            groups: string[];
            /** @description Whether it can log in with a password; others use credentials or an OpenID provider */
            hasPassword: boolean;
            /** @description The OpenID provider it belongs to */
            issuer?: string;
            name: string;
            /** @description Whether the password must be changed at its first use */
            oneTimePassword: boolean;
            /** @description Those it holds itself and by its groups */
            roles: components["schemas"]["HeldRole"][];
        };
        AccountChange: {
            /** @description Whether it can do nothing */
            disabled: boolean;
        };
        AccountCreate: {
            /** @example ann */
            name: string;
            /** @description Make a password at random, which must be changed at its first use */
            oneTimePassword?: boolean;
            /** @description The password it gets */
            password?: string;
        };
        AccountCreated: {
            /** Format: date-time */
            createdAt: string;
            /** @description Whether it can do nothing */
            disabled: boolean;
            groups: string[];
            /** @description Whether it can log in with a password; others use credentials or an OpenID provider */
            hasPassword: boolean;
            /** @description The OpenID provider it belongs to */
            issuer?: string;
            name: string;
            /** @description Whether the password must be changed at its first use */
            oneTimePassword: boolean;
            /** @description The one-time password; it is shown only now */
            password?: string;
            /** @description Those it holds itself and by its groups */
            roles: components["schemas"]["HeldRole"][];
        };
        ActiveScan: {
            digest: string;
            namespace: string;
            repository: string;
            scan: components["schemas"]["Scan"];
            tags: string[];
        };
        AdvisoryFetch: {
            /** Format: date-time */
            endedAt?: string;
            /** @description Why it failed */
            error?: string;
            /**
             * Format: date-time
             * @description When the next one begins by itself; absent if none does
             */
            nextAt?: string;
            running: boolean;
            /** @description Where they come from */
            source: string;
            /**
             * Format: date-time
             * @description When the latest download began since the server runs
             */
            startedAt?: string;
        };
        AdvisoryInfo: {
            ecosystem: string;
            /**
             * Format: date-time
             * @description When the newest of them was modified
             */
            newest?: string;
            /** Format: int64 */
            records: number;
            /**
             * Format: int64
             * @description Size of the compact database, in bytes
             */
            size: number;
        };
        Allowlist: {
            /** Format: date-time */
            createdAt?: string;
            /** @description Whether it no longer counts */
            expired: boolean;
            /**
             * Format: int64
             * @description From when the list no longer counts, in Unix seconds; absent if it never expires
             */
            expiresAt?: number;
            items: components["schemas"]["AllowlistItem"][];
            /** Format: date-time */
            updatedAt?: string;
        };
        AllowlistChange: {
            /**
             * Format: int64
             * @description From when the list no longer counts, in Unix seconds; absent for never
             */
            expiresAt?: number;
            /** @description At most 100, without duplicates; empty to empty the list */
            items: components["schemas"]["AllowlistItem"][];
        };
        AllowlistItem: {
            /**
             * @description Id of the vulnerability, as reports show it
             * @example CVE-2019-10164
             */
            cveId: string;
        };
        Artifact: {
            artifactType?: string;
            digest: string;
            /** Format: date-time */
            firstPulledAt?: string;
            /** @enum {string} */
            kind: "image" | "index" | "chart" | "signature" | "other";
            mediaType: string;
            /** @description The images of an index, or those that a chart names and the instance holds. The scan overview of an index is theirs together: while one of them waits or runs, so does the whole; then it is as the worst of them. The findings are those of the worst */
            members?: components["schemas"]["Member"][];
            namespace: string;
            /** @description Why it cannot be scanned; absent if it can be */
            notScanned?: components["schemas"]["NotScanned"];
            /** @description Images that a chart names and the instance does not hold */
            otherImages?: string[];
            /**
             * @description That of an image, as its configuration says
             * @example linux/amd64
             */
            platform?: string;
            /** Format: date-time */
            pulledAt?: string;
            /** Format: date-time */
            pushedAt: string;
            repository: string;
            /** @description Absent if it was never scanned */
            scanOverview?: components["schemas"]["ScanOverview"];
            /**
             * Format: int64
             * @description Manifest and all it refers to, in bytes
             */
            size: number;
            /** @description Digest of the manifest this one is about */
            subject?: string;
            tags: string[];
            /** @description Whether it can be downloaded now */
            verdict: components["schemas"]["Verdict"];
        };
        AuditEntry: {
            /**
             * @description An operation of this interface, login, or what was done to the registry
             * @example setGate
             */
            action: string;
            /** @description Name of an account; absent for nobody in particular */
            actor?: string;
            /** @description Where the request came from */
            address?: string;
            /** Format: date-time */
            at: string;
            /**
             * Format: int64
             * @description How often it happened within a minute
             */
            count: number;
            /** @description What was asked for, where that can hold nothing secret, as the request had it, up to 500 bytes; or why it did not succeed */
            detail?: string;
            /** Format: int64 */
            id: number;
            namespace?: string;
            /** @enum {string} */
            result: "done" | "denied" | "failed";
            /** @description What it was done to */
            target?: string;
            /** @description How it showed who it is: password, session, credential, token, socket */
            via?: string;
        };
        Base: {
            digest?: string;
            endOfLife?: string;
            /** Format: int64 */
            findings: number;
            /** Format: int64 */
            layers: number;
            name: string;
            newer?: components["schemas"]["NewerBase"];
            /** Format: int64 */
            ownFindings: number;
            source: string;
            version?: string;
        };
        Batch: {
            /** Format: date-time */
            beganAt: string;
            /** @description Who began it, or set the schedule */
            by?: string;
            /** @description What is looked for */
            categories: string[];
            /** Format: date-time */
            endedAt?: string;
            /**
             * Format: int64
             * @description Images whose scan failed
             */
            failed: number;
            /** Format: int64 */
            id: number;
            /** Format: int64 */
            imagesPerHour: number;
            /** @enum {string} */
            kind: "manual" | "cycle";
            /**
             * Format: int64
             * @description Images whose scan waits or runs
             */
            open: number;
            /** Format: int64 */
            percent: number;
            /**
             * Format: int64
             * @description Estimate of the time it still takes; absent while there is nothing to go by
             */
            remainingMinutes?: number;
            /**
             * Format: int64
             * @description Of those that succeeded, images with a vulnerability, an unsafe setting or a malicious file
             */
            risky: number;
            /** @description The schedule whose run it is */
            schedule?: string;
            /** @description What the selection came to when it began */
            selected: components["schemas"]["Selected"];
            selection: components["schemas"]["Selection"];
            /** @enum {string} */
            state: "running" | "finished" | "stopped" | "timed-out";
            /**
             * Format: int64
             * @description Images whose scan was stopped or did not begin
             */
            stopped: number;
            /**
             * Format: int64
             * @description Images whose scan succeeded
             */
            success: number;
            /**
             * Format: int64
             * @description The state as a number: 100 finished, 0 to 99 progress, -1 stopped, -2 timed out
             */
            taskStatus: number;
        };
        BatchImage: {
            /** @description What to do about it */
            advice?: string;
            /** @description Why it failed */
            cause?: string;
            /** @description What exactly failed */
            detail?: string;
            digest: string;
            /**
             * Format: int64
             * @description Its place in the batch, from 1
             */
            position: number;
            /**
             * @description With its namespace
             * @example team/app
             */
            repository: string;
            /**
             * Format: int64
             * @description Id of its scan
             */
            scan?: number;
            /** @enum {string} */
            state: "waiting" | "scanning" | "success" | "failed" | "stopped";
            /** @description One of its tags when the batch began */
            tag?: string;
        };
        BatchPreview: {
            /**
             * Format: int64
             * @description Images to scan, those in indexes included
             */
            images: number;
            /**
             * Format: int64
             * @description Left out: charts, signatures and other artifacts that are no images
             */
            notImages: number;
            /** @description What it would cost if every scan succeeded */
            units: components["schemas"]["BatchUnits"];
            /**
             * Format: int64
             * @description Left out: images that the instance refuses to scan, as it may those without a tag
             */
            untagged: number;
        };
        BatchStart: {
            /** @description All there are; instead of the three lists */
            all?: boolean;
            /** @description What to look for; everything if absent. Vulnerabilities are always looked for, and what only informs. */
            categories?: ("vuln" | "malware" | "baseline" | "password" | "secret" | "compliance")[];
            /**
             * @description These images, by tag or digest
             * @example [
             *       "team/app:1.0"
             *     ]
             */
            images?: string[];
            /**
             * Format: int64
             * @description How many images may begin in an hour; 0 for no limit
             */
            imagesPerHour?: number;
            /**
             * @description Images of these namespaces
             * @example [
             *       "team"
             *     ]
             */
            namespaces?: string[];
            /**
             * Format: int64
             * @description Of these, only what was pushed within so many days; 0 for all
             */
            pushedDays?: number;
            /**
             * @description Images of these repositories; * stands for any characters
             * @example [
             *       "team/backend*"
             *     ]
             */
            repositories?: string[];
        };
        BatchUnits: {
            /**
             * Format: int64
             * @description Of these, those beyond the discount step
             */
            discounted: number;
            /**
             * Format: int64
             * @description Of these, those of what is left of the month's free quota
             */
            free: number;
            /**
             * Format: int64
             * @description Of these, those at the full price
             */
            full: number;
            /**
             * Format: int64
             * @description One for each image
             */
            total: number;
        };
        BuildStep: {
            instruction: string;
            /** Format: int64 */
            layer: number;
        };
        CVSS: {
            /** Format: double */
            score: number;
            vector: string;
            version: string;
        };
        Change: {
            category: string;
            findingId: string;
            fixedVersion?: string;
            package?: string;
            path?: string;
            rule: string;
            severity: string;
            title?: string;
            version?: string;
        };
        Check: {
            current?: string;
            edit?: string;
            group: string;
            id: string;
            looked: string;
            result: string;
            severity: string;
            standard?: string;
            suggested?: string;
            title: string;
        };
        Compared: {
            /**
             * Format: date-time
             * @description When its report said so: the time that was asked for, or the first of which something is known
             */
            at?: string;
            /**
             * @description The verdict at that time
             * @enum {string}
             */
            decision?: "allow" | "block" | "unknown";
            digest: string;
            /** @description That was its first report */
            first?: boolean;
            namespace: string;
            repository: string;
            tags: string[];
            /**
             * Format: int64
             * @description Vulnerabilities and other findings
             */
            total: number;
        };
        CountedRiskFinding: {
            items: components["schemas"]["RiskFinding"][];
            /** @description Whether there are others after these */
            more: boolean;
            /**
             * Format: int64
             * @description How many there are with those before and after
             */
            total: number;
        };
        CountedRiskPackage: {
            items: components["schemas"]["RiskPackage"][];
            /** @description Whether there are others after these */
            more: boolean;
            /**
             * Format: int64
             * @description How many there are with those before and after
             */
            total: number;
        };
        CountedRiskVulnerability: {
            items: components["schemas"]["RiskVulnerability"][];
            /** @description Whether there are others after these */
            more: boolean;
            /**
             * Format: int64
             * @description How many there are with those before and after
             */
            total: number;
        };
        Credential: {
            /** @description In whose name it is used */
            account: string;
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description From when it no longer counts; absent if it never expires
             */
            expiresAt?: string;
            id: string;
            /** @enum {string} */
            kind: "temporary" | "long-term";
            /** @description What it is for */
            name?: string;
            /** @description What it is narrowed to; empty for all the account may see */
            namespaces: string[];
            /** @enum {string} */
            state: "active" | "disabled" | "expired";
            /**
             * Format: date-time
             * @description When it was used last, to a few minutes; absent if never
             */
            usedAt?: string;
            /** @description What it is narrowed to; empty for all the account may do */
            verbs: string[];
        };
        CredentialChange: {
            /** @description Whether it opens nothing */
            disabled: boolean;
        };
        CredentialCreate: {
            /** @description In whose name it is used; absent for the own */
            account?: string;
            /**
             * Format: date-time
             * @description From when a long-term one is not to count any more; absent for never
             */
            expiresAt?: string;
            /**
             * Format: int64
             * @description How long a temporary one counts; 12 if absent
             */
            hours?: number;
            /** @enum {string} */
            kind: "temporary" | "long-term";
            /**
             * @description What it is for
             * @example build server
             */
            name?: string;
            /**
             * @description What it is narrowed to
             * @example [
             *       "team"
             *     ]
             */
            namespaces?: string[];
            /**
             * @description What it is narrowed to
             * @example [
             *       "pull"
             *     ]
             */
            verbs?: ("read" | "pull" | "push" | "scan" | "delete" | "handle" | "manage" | "list" | "audit" | "administer")[];
        };
        CredentialCreated: {
            /** @description In whose name it is used */
            account: string;
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description From when it no longer counts; absent if it never expires
             */
            expiresAt?: string;
            id: string;
            /** @enum {string} */
            kind: "temporary" | "long-term";
            /** @description What it is for */
            name?: string;
            /** @description What it is narrowed to; empty for all the account may see */
            namespaces: string[];
            /** @enum {string} */
            state: "active" | "disabled" | "expired";
            /** @description What to log in with; it is shown only now */
            token: string;
            /**
             * Format: date-time
             * @description When it was used last, to a few minutes; absent if never
             */
            usedAt?: string;
            /** @description What it is narrowed to; empty for all the account may do */
            verbs: string[];
        };
        Dashboard: {
            /** @description The last 30, oldest first, today last */
            days: components["schemas"]["Day"][];
            /** @description The ten most exposed repositories, worst first */
            exposed: components["schemas"]["ExposedRepository"][];
            /**
             * Format: int64
             * @description Scans that run
             */
            running: number;
            standing: components["schemas"]["Standing"];
            /**
             * Format: int64
             * @description Scans that wait
             */
            waiting: number;
        };
        Day: {
            /** Format: date */
            day: string;
            /** Format: int64 */
            pulls: number;
            /**
             * Format: int64
             * @description Pulls that were refused
             */
            refused: number;
            standing?: components["schemas"]["Standing"];
        };
        Difference: {
            added: components["schemas"]["Change"][];
            /** Format: int64 */
            files: number;
            from: components["schemas"]["Compared"];
            /** Format: int64 */
            kept: number;
            /** Format: int64 */
            layers: number;
            notCompared?: string[];
            packages: components["schemas"]["PackageChange"][];
            removed: components["schemas"]["Change"][];
            /** Format: int64 */
            size: number;
            to: components["schemas"]["Compared"];
        };
        EPSS: {
            date?: string;
            /** Format: double */
            percentile: number;
            /** Format: double */
            score: number;
        };
        Event: {
            account?: string;
            advice?: string;
            after?: string;
            /** Format: date-time */
            at: string;
            before?: string;
            /** @description Why it happened, in a few words */
            cause: string;
            /** Format: int64 */
            count?: number;
            detail?: string;
            digest?: string;
            /** Format: int64 */
            id: number;
            /** @example scan.done */
            kind: string;
            layer?: string;
            namespace?: string;
            /** Format: int64 */
            percent?: number;
            progress?: components["schemas"]["Progress"];
            reason?: string;
            repository?: string;
            /** Format: int64 */
            scan?: number;
            vulnerabilities?: string[];
        };
        Exception: {
            /** @enum {string} */
            action: "ignore" | "whitelist";
            /** @description Who made it */
            author: string;
            /**
             * @description Alone it is possible for single artifacts only
             * @enum {string}
             */
            category?: "system-vulnerability" | "application-vulnerability" | "malicious-file" | "software" | "files" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description From when it no longer counts; absent if it never expires
             */
            expiresAt?: string;
            /** @description Id of a single finding, as reports show it */
            findingId?: string;
            /** Format: int64 */
            id: number;
            /** @description Name of a package */
            package?: string;
            /**
             * @description Pattern that all places of the finding must fit: * and ? within a name, ** for any number of directories
             * @example srv/**\/*.json
             */
            path?: string;
            reason: string;
            /** Format: date-time */
            removedAt?: string;
            /** @description Id of the rule that found it */
            rule?: string;
            /**
             * @description What kind of thing it holds for
             * @enum {string}
             */
            scope: "instance" | "namespace" | "repository" | "artifact";
            /** @enum {string} */
            state: "active" | "expired" | "removed";
            /** @description What it holds for; empty for the whole instance */
            targets: components["schemas"]["Target"][];
            /** Format: date-time */
            updatedAt: string;
            /**
             * @description Id of a vulnerability, or an alias
             * @example CVE-2019-10164
             */
            vulnerability?: string;
        };
        ExceptionChange: {
            /**
             * Format: date-time
             * @description From when it is not to count any more
             */
            expiresAt?: string;
            /** @description Takes the expiry away */
            neverExpires?: boolean;
            /** @description Why, in up to 512 characters */
            reason?: string;
        };
        ExceptionCreate: {
            /** @enum {string} */
            action: "ignore" | "whitelist";
            /**
             * @description Alone it is possible for single artifacts only
             * @enum {string}
             */
            category?: "system-vulnerability" | "application-vulnerability" | "malicious-file" | "software" | "files" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
            /**
             * Format: date-time
             * @description From when it is not to count any more; absent for never
             */
            expiresAt?: string;
            /** @description Id of a single finding, as reports show it */
            findingId?: string;
            /** @description Name of a package */
            package?: string;
            /**
             * @description Pattern that all places of the finding must fit: * and ? within a name, ** for any number of directories
             * @example srv/**\/*.json
             */
            path?: string;
            /** @description Why, in up to 512 characters */
            reason: string;
            /** @description Id of the rule that found it */
            rule?: string;
            /** @enum {string} */
            scope: "instance" | "namespace" | "repository" | "artifact";
            /** @description Things of that kind; none for the whole instance */
            targets?: components["schemas"]["Target"][];
            /**
             * @description Id of a vulnerability, or an alias
             * @example CVE-2019-10164
             */
            vulnerability?: string;
        };
        ExceptionEvent: {
            /** Format: date-time */
            at: string;
            /** @description Who did it; empty for the program itself */
            author: string;
            /** @description What it happened to, as it is today */
            exception: components["schemas"]["Exception"];
            /**
             * Format: date-time
             * @description The expiry from then on
             */
            expiresAt?: string;
            /** Format: int64 */
            id: number;
            /** @description What was said then */
            reason: string;
            /** @enum {string} */
            what: "created" | "changed" | "removed";
        };
        ExceptionImport: {
            /**
             * Format: int64
             * @description Exceptions that were made
             */
            created: number;
            /** @description All statements, in their order */
            items: components["schemas"]["ImportedStatement"][];
            /**
             * Format: int64
             * @description Statements of which not all became exceptions
             */
            refused: number;
            /**
             * Format: int64
             * @description Exceptions that were there already
             */
            unchanged: number;
        };
        ExposedRepository: {
            /** @enum {string} */
            decision: "allow" | "block" | "unknown";
            digest: string;
            namespace: string;
            repository: string;
            tags: string[];
            vulnerabilities: components["schemas"]["SeverityCounts"];
        };
        FieldError: {
            /**
             * @description Where
             * @example body.allowlist.items[3].cveId
             */
            location: string;
            /** @description What is wrong with it */
            message: string;
        };
        FileSummary: {
            /** Format: int64 */
            count: number;
            largest?: components["schemas"]["LargeFile"][];
            layers?: components["schemas"]["LayerFiles"][];
            /** Format: int64 */
            size: number;
            special?: components["schemas"]["SpecialFile"][];
            /** Format: int64 */
            specialCount?: number;
            types?: components["schemas"]["FileType"][];
            /** Format: int64 */
            wasted: number;
            wastedFiles?: components["schemas"]["WastedFile"][];
        };
        FileType: {
            /** Format: int64 */
            count: number;
            /** Format: int64 */
            size: number;
            type: string;
        };
        Finding: {
            category: string;
            details?: string;
            evidence?: string[];
            findingId: string;
            handling?: components["schemas"]["Handling"];
            locations: components["schemas"]["Location"][];
            origin?: string;
            package?: string;
            references?: string[];
            rule: string;
            severity: string;
            solution: string;
            title: string;
            version?: string;
        };
        FindingSummary: {
            byCategory: {
                [key: string]: number;
            };
            bySeverity: {
                [key: string]: number;
            };
            /** Format: int64 */
            ignored?: number;
            severity: string;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            whitelisted?: number;
        };
        Findings: {
            bySeverity: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description How many have a fixed version
             */
            fixable: number;
            /**
             * Format: int64
             * @description How many of them somebody decided to ignore
             */
            ignored?: number;
            /** @description The worst; absent if there are none */
            severity?: string;
            /** Format: int64 */
            total: number;
            /**
             * Format: int64
             * @description How many more somebody whitelisted
             */
            whitelisted?: number;
        };
        FoundImage: {
            digest: string;
            /** Format: int64 */
            findings: number;
            namespace: string;
            repository: string;
            severity: string;
            tags: string[];
            title: string;
        };
        Gate: {
            /** @description The cause with which a scan fails while it is closed */
            cause?: string;
            /** Format: date-time */
            changedAt?: string;
            /** @description Who opened or closed it last */
            changedBy?: string;
            /** @enum {string} */
            gate: "scanning" | "registry-access" | "authorization" | "feature";
            open: boolean;
            /** @description What a scan is refused with while it is closed */
            refusal?: string;
        };
        GateChange: {
            open: boolean;
        };
        GateSettings: {
            /** @description Further categories that block, with the severity from which on; what is absent does not block */
            alsoBlock: {
                [key: string]: string;
            };
            /** @description Accounts that may pull what is refused to others, on record */
            exemptAccounts: string[];
            /**
             * @description The same for images of which no scan has succeeded
             * @example block
             */
            failed: string;
            /**
             * Format: int64
             * @description For how many days after its publication a vulnerability does not count in an image that was pulled before
             */
            graceDays: number;
            /**
             * @description The same for charts and other artifacts that are no images: block or allow
             * @example allow
             */
            notScannable: string;
            /**
             * @description What becomes of pulls of images for which no scan was asked: block, allow or hold:TIME
             * @example block
             */
            notScanned: string;
            /** @description Whether what would be refused is only recorded */
            reportOnly: boolean;
            /**
             * @description The same while the first scan runs
             * @example hold:30s
             */
            running: string;
            /**
             * @description The same for images that the instance's settings refuse to scan: block or allow
             * @example block
             */
            scanRefused: string;
            /** @description Public keys, as PEM */
            statementKeys: string[];
            /**
             * @description Which OpenVEX documents attached to images are believed, in reports and at the gate: none, those signed by one of the keys, or all; with any, whoever may push may exempt
             * @enum {string}
             */
            statements: "off" | "signed" | "any";
            /**
             * @description The same for images that wait for their first scan
             * @example hold:30s
             */
            waiting: string;
        };
        GateSettingsChange: {
            /** @description Categories and the severity from which on they block, or off; those absent keep theirs. Categories are malicious-file, sensitive-information, weak-password, unsafe-setting, software-compliance */
            alsoBlock?: {
                [key: string]: string;
            };
            /** @description Accounts that may pull what is refused to others; replaces the whole list */
            exemptAccounts?: string[];
            /**
             * @description The same for images of which no scan has succeeded
             * @example block
             */
            failed?: string;
            /**
             * Format: int64
             * @description For how many days after its publication a vulnerability does not count in an image that was pulled before
             */
            graceDays?: number;
            /**
             * @description The same for charts and other artifacts that are no images: block or allow
             * @example allow
             */
            notScannable?: string;
            /**
             * @description What becomes of pulls of images for which no scan was asked: block, allow or hold:TIME, with a time from 1s to 300s
             * @example block
             */
            notScanned?: string;
            /** @description Whether what would be refused is only recorded */
            reportOnly?: boolean;
            /**
             * @description The same while the first scan runs
             * @example hold:30s
             */
            running?: string;
            /**
             * @description The same for images that the instance's settings refuse to scan: block or allow
             * @example block
             */
            scanRefused?: string;
            /** @description Public keys as PEM: ECDSA on P-256 or P-384, Ed25519, RSA of 2048 bits or more; replaces all */
            statementKeys?: string[];
            /**
             * @description Which OpenVEX documents attached to images are believed, in reports and at the gate: none, those signed by one of the keys, or all; with any, whoever may push may exempt
             * @enum {string}
             */
            statements?: "off" | "signed" | "any";
            /**
             * @description The same for images that wait for their first scan
             * @example hold:30s
             */
            waiting?: string;
        };
        Group: {
            /** Format: date-time */
            createdAt: string;
            /** @description Names of accounts */
            members: string[];
            name: string;
        };
        GroupCreate: {
            /** @example developers */
            name: string;
        };
        Handling: {
            action: string;
            author: string;
            document?: string;
            expires?: string;
            /** Format: int64 */
            id: number;
            reason?: string;
            scope: string;
        };
        HeldRole: {
            /** @description The group by which it is held */
            group?: string;
            /** @description The namespace, if it holds in one only */
            namespace?: string;
            /**
             * @description Where it holds
             * @enum {string}
             */
            realm: "everything" | "instance" | "other-instance" | "namespace";
            /**
             * @description What it allows there
             * @example [
             *       "read",
             *       "pull"
             *     ]
             */
            rights: string[];
            /** @enum {string} */
            role: "administrator" | "maintainer" | "writer" | "reader" | "auditor";
        };
        Image: {
            annotations?: {
                [key: string]: string;
            };
            config: components["schemas"]["ImageConfig"];
            configDigest?: string;
            created?: string;
            digest?: string;
            layers: components["schemas"]["Layer"][];
            mediaType?: string;
            name?: string;
            passwords?: components["schemas"]["WeakPassword"][];
            platform?: string;
            secrets?: components["schemas"]["Secret"][];
            /** Format: int64 */
            size: number;
        };
        ImageConfig: {
            cmd?: string[];
            entrypoint?: string[];
            env?: string[];
            from?: string[];
            healthcheck?: string[];
            labels?: {
                [key: string]: string;
            };
            ports?: string[];
            steps?: components["schemas"]["BuildStep"][];
            user?: string;
            volumes?: string[];
            workingDir?: string;
        };
        ImportedStatement: {
            /** @description The exceptions that stand for it */
            exceptions: number[];
            /** @description Why it, or a part of it, is no exception */
            problem?: string;
            /**
             * Format: int64
             * @description Its place in the document, from 1
             */
            statement: number;
            /** @enum {string} */
            status: "not_affected" | "affected" | "fixed" | "under_investigation";
            vulnerability: string;
        };
        Info: {
            limits: components["schemas"]["Limits"];
            name: string;
            /**
             * @description Where a browser signs in with the OpenID provider; absent without one
             * @example /auth/oidc/login
             */
            openIDSignIn?: string;
            version: string;
        };
        InstanceChange: {
            /**
             * Format: int64
             * @description Artifacts that are scanned at the same time
             */
            concurrentScans?: number;
            /**
             * Format: int64
             * @description Largest image that is scanned, as stored
             */
            imageBytes?: number;
            /**
             * Format: int64
             * @description Largest layer that is scanned, as stored
             */
            layerBytes?: number;
            /**
             * Format: int64
             * @description Most layers an image that is scanned can have
             */
            layers?: number;
            /**
             * @description What is not set otherwise: default scans what can be scanned, swr has everything as the specification
             * @enum {string}
             */
            profile?: "default" | "swr";
            /** @description What is not scanned although it could be */
            refuse?: ("untagged" | "multi-architecture" | "chart" | "windows")[];
            /**
             * Format: int64
             * @description A scan that takes longer fails
             */
            scanTimeoutSeconds?: number;
        };
        Judging: {
            /** @description Revision of the advisories that all was judged by, or waits to be; empty before the first */
            advisories: string;
            /**
             * Format: int64
             * @description Those of them in which something else was found than before
             */
            changed: number;
            /**
             * Format: int64
             * @description Images that were, since startedAt
             */
            done: number;
            /**
             * Format: date-time
             * @description Absent while something waits
             */
            endedAt?: string;
            /**
             * Format: int64
             * @description Those of them that could not be judged; the log says why
             */
            failed: number;
            /** @description Date of the latest of them */
            newest?: string;
            /** Format: date-time */
            startedAt?: string;
            /**
             * Format: int64
             * @description Those of them whose verdict changed
             */
            verdicts: number;
            /**
             * Format: int64
             * @description Images that wait to be judged again, in all instances
             */
            waiting: number;
        };
        KEV: {
            dateAdded: string;
            dueDate?: string;
            ransomware?: boolean;
        };
        Knowledge: {
            newest?: string;
            revision?: string;
        };
        LargeFile: {
            /** Format: int64 */
            layer: number;
            path: string;
            /** Format: int64 */
            size: number;
        };
        LatestAuditEntry: {
            items: components["schemas"]["AuditEntry"][];
            /**
             * Format: int64
             * @description Pass it as "before" for the next page; absent on the last
             */
            next?: number;
        };
        LatestBatch: {
            items: components["schemas"]["Batch"][];
            /**
             * Format: int64
             * @description Pass it as "before" for the next page; absent on the last
             */
            next?: number;
        };
        LatestBatchImage: {
            items: components["schemas"]["BatchImage"][];
            /**
             * Format: int64
             * @description Pass it as "before" for the next page; absent on the last
             */
            next?: number;
        };
        LatestEvent: {
            items: components["schemas"]["Event"][];
            /**
             * Format: int64
             * @description Pass it as "before" for the next page; absent on the last
             */
            next?: number;
        };
        LatestVerdictChange: {
            items: components["schemas"]["VerdictChange"][];
            /**
             * Format: int64
             * @description Pass it as "before" for the next page; absent on the last
             */
            next?: number;
        };
        Layer: {
            diffId: string;
            digest?: string;
            /** Format: int64 */
            index: number;
            instruction?: string;
            /** Format: int64 */
            size: number;
        };
        LayerFiles: {
            /** Format: int64 */
            count: number;
            /** Format: int64 */
            deleted?: number;
            /** Format: int64 */
            layer: number;
            /** Format: int64 */
            replaced?: number;
            /** Format: int64 */
            size: number;
            /** Format: int64 */
            wasted?: number;
        };
        LayerOverview: {
            bySeverity: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description Index from 0, the lowest; -1 for the image's configuration
             */
            layer: number;
            /** Format: int64 */
            packages: number;
            /**
             * Format: int64
             * @description Vulnerabilities and other findings
             */
            total: number;
        };
        Limits: {
            /**
             * Format: int64
             * @description Entries an allowlist can have
             */
            allowlistItems: number;
            /**
             * Format: int64
             * @description Scans of an instance that run at the same time
             */
            concurrentScans: number;
            /**
             * Format: int64
             * @description Largest image that is scanned, as stored
             */
            imageBytes: number;
            /**
             * Format: int64
             * @description Largest layer that is scanned, as stored
             */
            layerBytes: number;
            /**
             * Format: int64
             * @description Most layers an image that is scanned can have
             */
            layers: number;
            /**
             * Format: int64
             * @description A scan that takes longer fails
             */
            scanTimeoutSeconds: number;
        };
        ListAccount: {
            items: components["schemas"]["Account"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListActiveScan: {
            items: components["schemas"]["ActiveScan"][];
            /**
             * Format: int64
             * @description How many run
             */
            running: number;
            /**
             * Format: int64
             * @description How many wait
             */
            waiting: number;
        };
        ListAdvisoryInfo: {
            fetch: components["schemas"]["AdvisoryFetch"];
            items: components["schemas"]["AdvisoryInfo"][];
        };
        ListArtifact: {
            items: components["schemas"]["Artifact"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListCredential: {
            items: components["schemas"]["Credential"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListException: {
            items: components["schemas"]["Exception"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListExceptionEvent: {
            items: components["schemas"]["ExceptionEvent"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListFoundImage: {
            items: components["schemas"]["FoundImage"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListGate: {
            items: components["schemas"]["Gate"][];
        };
        ListGroup: {
            items: components["schemas"]["Group"][];
        };
        ListNamespace: {
            items: components["schemas"]["Namespace"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListPackageImage: {
            items: components["schemas"]["PackageImage"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListRepository: {
            items: components["schemas"]["Repository"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListRepositorySummary: {
            items: components["schemas"]["RepositorySummary"][];
            /** @description Pass it as "after" for the next page; absent on the last */
            next?: string;
        };
        ListRoleGrant: {
            items: components["schemas"]["RoleGrant"][];
        };
        ListScan: {
            items: components["schemas"]["Scan"][];
        };
        ListSchedule: {
            items: components["schemas"]["Schedule"][];
        };
        ListSession: {
            items: components["schemas"]["Session"][];
        };
        Location: {
            config?: string;
            hidden?: string;
            instruction?: string;
            /** Format: int64 */
            layer: number;
            layerDigest: string;
            /** Format: int64 */
            line?: number;
            path: string;
        };
        Member: {
            digest: string;
            /** @example team/app:1 */
            image: string;
            /** @example linux/arm64 */
            platform?: string;
            /** @description Absent if it was never scanned */
            scanOverview?: components["schemas"]["ScanOverview"];
            /** @description Whether it can be downloaded now */
            verdict: components["schemas"]["Verdict"];
        };
        Namespace: {
            allowlist: components["schemas"]["Allowlist"];
            /** @description Whether every image that arrives is scanned */
            autoScan: boolean;
            /** Format: date-time */
            createdAt: string;
            /** @description Further settings of the gate, which count while downloads are blocked */
            gate: components["schemas"]["GateSettings"];
            /** Format: int64 */
            id: number;
            name: string;
            /** @description Whether downloads of vulnerable images are blocked */
            preventVul: boolean;
            /** @description Whether images can be pulled without logging in */
            public: boolean;
            /**
             * Format: int64
             * @description Number of repositories
             */
            repositories: number;
            /**
             * @description Vulnerabilities of this severity or higher block downloads
             * @enum {string}
             */
            severity: "none" | "negligible" | "low" | "medium" | "high" | "critical";
            /** Format: date-time */
            updatedAt: string;
        };
        NamespaceChange: {
            /** @description Replaces the whole list */
            allowlist?: components["schemas"]["AllowlistChange"];
            /** @description Whether every image that arrives is scanned; images already there are not */
            autoScan?: boolean;
            /** @description Further settings of the gate */
            gate?: components["schemas"]["GateSettingsChange"];
            /**
             * Format: int64
             * @description May repeat the namespace's id; another one is refused
             */
            id?: number;
            /** @description May repeat the namespace's name; another one is refused */
            name?: string;
            /** @description Whether downloads of vulnerable images are blocked */
            preventVul?: boolean;
            /** @description Whether images can be pulled without logging in */
            public?: boolean;
            /**
             * @description Vulnerabilities of this severity or higher block downloads
             * @enum {string}
             */
            severity?: "none" | "low" | "medium" | "high" | "critical";
            /**
             * Format: date-time
             * @description What the namespace said when it was read: the change is refused if somebody has changed it since
             */
            updatedAt?: string;
        };
        NamespaceCreate: {
            /** @description Must be absent: set it by modifying the namespace */
            allowlist?: components["schemas"]["AllowlistChange"];
            /** @description Must be false: set it by modifying the namespace */
            autoScan?: boolean;
            /** @example team */
            name: string;
            /** @description Must be false: set it by modifying the namespace */
            preventVul?: boolean;
            /** @description Whether images can be pulled without logging in */
            public?: boolean;
            /** @description Must be absent: set it by modifying the namespace */
            severity?: string;
        };
        NewerBase: {
            /** Format: int64 */
            adds: number;
            digest: string;
            name: string;
            /** Format: int64 */
            removes: number;
        };
        NotScanned: {
            advice: string;
            /** @enum {string} */
            code: "untagged" | "multi_architecture" | "chart" | "windows" | "not_scannable";
            reason: string;
        };
        Note: {
            code: string;
            collector?: string;
            layer?: string;
            message: string;
            path?: string;
        };
        OS: {
            codename?: string;
            id?: string;
            like?: string[];
            name?: string;
            version?: string;
        };
        Overview: {
            advisories: components["schemas"]["Knowledge"];
            base?: components["schemas"]["Base"];
            /** @description What was looked for */
            categories: string[];
            checks: components["schemas"]["Check"][];
            image: components["schemas"]["Image"];
            /** @description What each layer brought, the lowest first */
            layers: components["schemas"]["LayerOverview"][];
            notes: components["schemas"]["Note"][];
            os: components["schemas"]["OS"];
            /**
             * Format: int64
             * @description Pieces of software
             */
            packages: number;
            summary: components["schemas"]["Summary"];
        };
        OwnAccount: {
            /** @description Whether the account is administrator of this instance */
            administrator: boolean;
            groups: string[];
            /** @description Whether it can log in with a password; others use credentials or an OpenID provider */
            hasPassword: boolean;
            name: string;
            /** @description Whether nothing is possible but to change the password */
            passwordMustChange: boolean;
            /**
             * @description What it may do in the whole instance
             * @example [
             *       "read"
             *     ]
             */
            rights: string[];
            roles: components["schemas"]["HeldRole"][];
            /** @description How it showed who it is: password, session, credential, socket */
            via: string;
        };
        OwnPasswordChange: {
            newPassword: string;
            oldPassword: string;
        };
        Package: {
            arch?: string;
            ecosystem?: string;
            inferred?: boolean;
            /** Format: int64 */
            layer: number;
            licences?: string[];
            module?: string;
            name: string;
            ownedBy?: string;
            path?: string;
            purl?: string;
            source?: string;
            sourceVersion?: string;
            supplier?: string;
            type: string;
            version?: string;
            /** Format: int64 */
            vulnerabilities?: number;
        };
        PackageChange: {
            after: string[];
            before: string[];
            name: string;
            type: string;
        };
        PackageImage: {
            /**
             * @description What somebody decided about it for this image
             * @enum {string}
             */
            decided?: "ignored" | "whitelisted";
            digest: string;
            ecosystem?: string;
            fixedVersion?: string;
            /**
             * Format: int64
             * @description Index from 0 of the layer that brought it
             */
            layer: number;
            namespace: string;
            package: string;
            repository: string;
            severity?: string;
            /**
             * Format: date-time
             * @description When the image had it first, or it became known
             */
            since?: string;
            tags: string[];
            /** @description The purl type: deb, npm, maven, … */
            type: string;
            version: string;
        };
        PartFinding: {
            items: components["schemas"]["Finding"][];
            /**
             * Format: int64
             * @description Entries that fit the filters
             */
            total: number;
        };
        PartPackage: {
            items: components["schemas"]["Package"][];
            /**
             * Format: int64
             * @description Entries that fit the filters
             */
            total: number;
        };
        PartVulnerability: {
            items: components["schemas"]["Vulnerability"][];
            /**
             * Format: int64
             * @description Entries that fit the filters
             */
            total: number;
        };
        PasswordChange: {
            password: string;
        };
        PasswordChanged: {
            account: string;
            /** @description The new password, if none was chosen; it is shown only now */
            password?: string;
        };
        PolicyPreview: {
            /**
             * Format: int64
             * @description Artifacts that were asked for and are looked at
             */
            artifacts: number;
            /** @description What the policy would refuse */
            blocked: components["schemas"]["PreviewCount"];
            /** @description Artifacts that the policy would refuse, by reason */
            byReason: {
                [key: string]: number;
            };
            /** @description False if more artifacts were asked for than are looked at; those asked for most often are */
            complete: boolean;
            /** @description The first hundred of what it would refuse, the most often asked for first */
            items: components["schemas"]["PreviewBlocked"][];
            /**
             * Format: int64
             * @description How often they were asked for, whether they were given out or not
             */
            pulls: number;
            /**
             * Format: int64
             * @description How often they were in fact refused
             */
            refused: number;
            /**
             * @description The first day that is looked at (UTC)
             * @example 2026-08-02
             */
            since: string;
        };
        PreviewBlocked: {
            digest: string;
            /** @description What a refused client would see */
            message: string;
            /**
             * Format: int64
             * @description How often it was asked for
             */
            pulls: number;
            /**
             * @description Why, for programs
             * @example vulnerable
             */
            reason: string;
            /**
             * Format: int64
             * @description Vulnerabilities that nothing exempts
             */
            remaining?: number;
            repository: string;
            /** @description The worst vulnerability that nothing exempts */
            severity?: string;
            tags: string[];
        };
        PreviewCount: {
            /** Format: int64 */
            artifacts: number;
            /** Format: int64 */
            pulls: number;
        };
        Problem: {
            /**
             * @description What to do next
             * @example create it first
             */
            advice?: string;
            /**
             * @description What happened, stable and machine-readable
             * @example namespace_not_found
             */
            code: string;
            /**
             * @description What happened, and to what
             * @example there is no namespace team
             */
            detail: string;
            /** @description The parts of the request that are wrong */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int64
             * @description The HTTP status
             * @example 404
             */
            status: number;
            /**
             * @description The HTTP status in words
             * @example Not Found
             */
            title: string;
        };
        Progress: {
            /**
             * Format: int64
             * @description Size of all layers, as stored
             */
            bytes?: number;
            /**
             * Format: int64
             * @description Bytes of all layers that were read, or were known already
             */
            bytesRead?: number;
            /** @description That of the layer */
            digest?: string;
            /**
             * Format: int64
             * @description The layer that is being read, or was read last, from one
             */
            layer?: number;
            /**
             * Format: int64
             * @description Its size, as stored
             */
            layerBytes?: number;
            /**
             * Format: int64
             * @description Bytes of that layer that were read
             */
            layerBytesRead?: number;
            /**
             * Format: int64
             * @description How many layers the image has
             */
            layers?: number;
        };
        Report: {
            advisories: components["schemas"]["Knowledge"];
            base?: components["schemas"]["Base"];
            categories: string[];
            checks?: components["schemas"]["Check"][];
            files: components["schemas"]["FileSummary"];
            findings: components["schemas"]["Finding"][];
            image: components["schemas"]["Image"];
            notes?: components["schemas"]["Note"][];
            os: components["schemas"]["OS"];
            packages: components["schemas"]["Package"][];
            /** Format: int64 */
            schemaVersion: number;
            statements?: components["schemas"]["VEXStatement"][];
            summary: components["schemas"]["Summary"];
            vulnerabilities: components["schemas"]["Vulnerability"][];
        };
        Repository: {
            /**
             * Format: int64
             * @description Number of artifacts
             */
            artifacts: number;
            /** Format: date-time */
            createdAt: string;
            /** @description Name within the namespace */
            name: string;
            namespace: string;
            /**
             * Format: int64
             * @description Number of tags
             */
            tags: number;
            /** Format: date-time */
            updatedAt: string;
        };
        RepositorySummary: {
            /**
             * Format: int64
             * @description Number of artifacts
             */
            artifacts: number;
            /** Format: date-time */
            createdAt: string;
            /** @description Name within the namespace */
            name: string;
            namespace: string;
            /**
             * Format: date-time
             * @description When something was pushed to it last
             */
            pushedAt?: string;
            standing: components["schemas"]["Standing"];
            /**
             * Format: int64
             * @description Number of tags
             */
            tags: number;
            /** Format: date-time */
            updatedAt: string;
        };
        RiskFinding: {
            category: string;
            /**
             * Format: int64
             * @description In all images
             */
            findings: number;
            /** Format: int64 */
            images: number;
            rule: string;
            /** @description The worst in any image */
            severity: string;
            title: string;
        };
        RiskImage: {
            digest: string;
            namespace: string;
            repository: string;
            tags: string[];
        };
        RiskPackage: {
            /**
             * Format: int64
             * @description Images that hold one of the versions
             */
            images: number;
            name: string;
            /** @description The worst of them */
            severity?: string;
            /** @description The purl type: deb, npm, maven, … */
            type: string;
            /** Format: int64 */
            versions: number;
            /**
             * Format: int64
             * @description Of any of the versions
             */
            vulnerabilities: number;
        };
        RiskRule: {
            category: string;
            /** @description What it means, in sentences */
            details?: string;
            /** @description The image whose report says so */
            image: components["schemas"]["RiskImage"];
            /** @description Addresses that tell more */
            references: string[];
            rule: string;
            severity: string;
            /** @description What to do, in sentences */
            solution: string;
            title: string;
        };
        RiskVulnerability: {
            epss?: components["schemas"]["EPSS"];
            /** @description It is in CISA's catalogue of known exploited vulnerabilities */
            exploited: boolean;
            /**
             * Format: int64
             * @description Of these, packages with a fixed version
             */
            fixable: number;
            id: string;
            /**
             * Format: int64
             * @description Images that have it
             */
            images: number;
            /**
             * Format: int64
             * @description Packages that bring it
             */
            packages: number;
            /** @description The worst of its packages */
            severity: string;
            /**
             * Format: date-time
             * @description When it was first found here
             */
            since: string;
            /** @description As the advisories in force have it */
            title?: string;
        };
        RoleChange: {
            /** @enum {string} */
            role: "administrator" | "maintainer" | "writer" | "reader" | "auditor";
        };
        RoleGrant: {
            account?: string;
            /** Format: date-time */
            grantedAt: string;
            grantedBy?: string;
            group?: string;
            /** @enum {string} */
            role: "administrator" | "maintainer" | "writer" | "reader" | "auditor";
        };
        RuleFile: {
            /** @example secrets.yaml */
            name: string;
            /**
             * Format: int64
             * @description In bytes
             */
            size: number;
            /** Format: date-time */
            updatedAt: string;
            updatedBy: string;
        };
        RuleFileContent: {
            /** @description The text of the file */
            content: string;
        };
        RuledNamespace: {
            /** Format: int64 */
            files: number;
            namespace: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Rules: {
            /** @description Paths that are never looked into for secrets, beside those in excluded-paths.txt */
            excludedPaths: string[];
            files: components["schemas"]["RuleFile"][];
            /**
             * Format: int64
             * @description Images that were looked at by other rules and have to be scanned again before these count for them. All others are judged again by themselves.
             */
            needScan: number;
        };
        Scan: {
            /** @description What to do about it */
            advice?: string;
            /** @description What it looks for beside vulnerabilities; everything if absent */
            categories?: string[];
            /** @description Why it failed */
            cause?: string;
            /**
             * Format: date-time
             * @description When it was asked for
             */
            createdAt: string;
            /** @description What exactly failed */
            detail?: string;
            /**
             * Format: int64
             * @description From start to end, or until now
             */
            durationSeconds: number;
            /** Format: date-time */
            endedAt?: string;
            /**
             * Format: int64
             * @description 0 for the scans of the images of an index together
             */
            id: number;
            /** Format: int64 */
            percent: number;
            /** @description How much was read, while it runs */
            progress?: components["schemas"]["Progress"];
            /** Format: date-time */
            startedAt?: string;
            /** @enum {string} */
            state: "Pending" | "Running" | "Success" | "Error";
            /** @enum {string} */
            trigger: "manual" | "push" | "synchronized" | "schedule";
        };
        ScanOverview: {
            /** @description What to do about it */
            advice?: string;
            /** @description What it looks for beside vulnerabilities; everything if absent */
            categories?: string[];
            /** @description Why it failed */
            cause?: string;
            /**
             * Format: date-time
             * @description When it was asked for
             */
            createdAt: string;
            /** @description What exactly failed */
            detail?: string;
            /**
             * Format: int64
             * @description From start to end, or until now
             */
            durationSeconds: number;
            /** Format: date-time */
            endedAt?: string;
            /** @description What the report in force found; absent if no scan has succeeded */
            findings?: components["schemas"]["Findings"];
            /**
             * Format: int64
             * @description 0 for the scans of the images of an index together
             */
            id: number;
            /** Format: int64 */
            percent: number;
            /** @description How much was read, while it runs */
            progress?: components["schemas"]["Progress"];
            /** Format: date-time */
            startedAt?: string;
            /** @enum {string} */
            state: "Pending" | "Running" | "Success" | "Error";
            /** @enum {string} */
            trigger: "manual" | "push" | "synchronized" | "schedule";
        };
        Schedule: {
            /** @description Time of day at which it runs, in UTC */
            at: string;
            /** @description Who set it */
            by?: string;
            /** @description What is looked for */
            categories: string[];
            /** Format: date-time */
            createdAt: string;
            enabled: boolean;
            /**
             * Format: int64
             * @description Days between two runs
             */
            everyDays: number;
            /** Format: int64 */
            id: number;
            /** Format: int64 */
            imagesPerHour: number;
            /**
             * Format: int64
             * @description Id of the batch it began last
             */
            lastBatch?: number;
            /**
             * Format: date-time
             * @description Absent if it has not run yet
             */
            lastRun?: string;
            name: string;
            /**
             * Format: date-time
             * @description Absent if it is disabled
             */
            nextRun?: string;
            /** @description Why the last run began no batch */
            problem?: string;
            selection: components["schemas"]["Selection"];
            /** Format: date-time */
            updatedAt: string;
        };
        ScheduleSet: {
            /**
             * @description Time of day at which it runs, in UTC
             * @default 02:00
             * @example 02:00
             */
            at: string;
            /** @description What to look for; everything if absent. Vulnerabilities are always looked for, and what only informs. */
            categories?: ("vuln" | "malware" | "baseline" | "password" | "secret" | "compliance")[];
            /** @description Whether it does not run */
            disabled?: boolean;
            /**
             * Format: int64
             * @description Days between two runs
             * @enum {integer}
             */
            everyDays: 1 | 3 | 7 | 14;
            /**
             * Format: int64
             * @description How many images may begin in an hour; 0 for no limit
             */
            imagesPerHour?: number;
            /** @description Images of these namespaces */
            namespaces?: string[];
            /**
             * Format: int64
             * @description Of these, only what was pushed within so many days; 0 for all
             * @enum {integer}
             */
            pushedDays?: 0 | 1 | 3 | 7;
            /** @description Images of these repositories; * stands for any characters */
            repositories?: string[];
        };
        Secret: {
            config?: string;
            excerpt?: string;
            hidden?: string;
            /** Format: int64 */
            layer?: number;
            /** Format: int64 */
            line?: number;
            path?: string;
            rule: string;
        };
        Selected: {
            /**
             * Format: int64
             * @description Images to scan, those in indexes included
             */
            images: number;
            /**
             * Format: int64
             * @description Left out: charts, signatures and other artifacts that are no images
             */
            notImages: number;
            /**
             * Format: int64
             * @description Left out: images that the instance refuses to scan, as it may those without a tag
             */
            untagged: number;
        };
        Selection: {
            /** @description All there are; instead of the three lists */
            all?: boolean;
            /**
             * @description These images, by tag or digest
             * @example [
             *       "team/app:1.0"
             *     ]
             */
            images?: string[];
            /**
             * @description Images of these namespaces
             * @example [
             *       "team"
             *     ]
             */
            namespaces?: string[];
            /**
             * Format: int64
             * @description Of these, only what was pushed within so many days; 0 for all
             */
            pushedDays?: number;
            /**
             * @description Images of these repositories; * stands for any characters
             * @example [
             *       "team/backend*"
             *     ]
             */
            repositories?: string[];
        };
        ServerRuleContent: {
            /** @description Whether that is all of it */
            complete: boolean;
            /** @description The first 64 KiB of the text */
            content: string;
        };
        ServerRuleFile: {
            /** @example passwords.txt */
            name: string;
            /**
             * Format: int64
             * @description In bytes
             */
            size: number;
        };
        ServerRules: {
            files: components["schemas"]["ServerRuleFile"][];
            /** @description Those with rules of their own, up to 10000 */
            namespaces: components["schemas"]["RuledNamespace"][];
        };
        Session: {
            /** @description Where it was begun */
            address: string;
            /** @description What the browser said it is */
            agent: string;
            /** Format: date-time */
            createdAt: string;
            /** @description Whether the request was made in it */
            current: boolean;
            /**
             * Format: date-time
             * @description When it ends, however much it is used
             */
            expiresAt: string;
            /** @description Names it; it is not what the browser holds */
            id: string;
            /**
             * @description How it was begun
             * @enum {string}
             */
            method: "password" | "oidc";
            /**
             * Format: date-time
             * @description When it was used last, to a minute
             */
            seenAt: string;
        };
        Settings: {
            /** Format: date-time */
            changedAt?: string;
            changedBy?: string;
            /**
             * Format: int64
             * @description Artifacts that are scanned at the same time
             */
            concurrentScans: number;
            /** @description Whether scans wait in the order in which they were asked for, whatever asked for them */
            firstInFirstOut: boolean;
            /**
             * Format: int64
             * @description Largest image that is scanned, as stored
             */
            imageBytes: number;
            /**
             * Format: int64
             * @description Largest layer that is scanned, as stored
             */
            layerBytes: number;
            /**
             * Format: int64
             * @description Most layers an image that is scanned can have
             */
            layers: number;
            /** @enum {string} */
            profile: "default" | "swr";
            /** @description What is not scanned although it could be */
            refuse: ("untagged" | "multi-architecture" | "chart" | "windows")[];
            /**
             * Format: int64
             * @description Grows with each change
             */
            revision: number;
            /**
             * Format: int64
             * @description A scan that takes longer fails
             */
            scanTimeoutSeconds: number;
            /** @description What the instance sets itself; the rest are defaults */
            set: components["schemas"]["InstanceChange"];
        };
        SettingsChange: {
            /**
             * Format: int64
             * @description Artifacts that are scanned at the same time
             */
            concurrentScans?: number;
            /**
             * Format: int64
             * @description Largest image that is scanned, as stored
             */
            imageBytes?: number;
            /**
             * Format: int64
             * @description Largest layer that is scanned, as stored
             */
            layerBytes?: number;
            /**
             * Format: int64
             * @description Most layers an image that is scanned can have
             */
            layers?: number;
            /**
             * @description What is not set otherwise: default scans what can be scanned, swr has everything as the specification
             * @enum {string}
             */
            profile?: "default" | "swr";
            /** @description What is not scanned although it could be */
            refuse?: ("untagged" | "multi-architecture" | "chart" | "windows")[];
            /**
             * Format: int64
             * @description That of the settings the change was made from: refused if they have changed meanwhile
             */
            revision: number;
            /**
             * Format: int64
             * @description A scan that takes longer fails
             */
            scanTimeoutSeconds?: number;
        };
        SeverityCounts: {
            /** Format: int64 */
            critical: number;
            /** Format: int64 */
            high: number;
            /** Format: int64 */
            low: number;
            /** Format: int64 */
            medium: number;
            /**
             * Format: int64
             * @description Negligible, or nobody rated it
             */
            rest: number;
        };
        SignIn: {
            name: string;
            password: string;
        };
        SomeVulnerabilityPeriod: {
            items: components["schemas"]["VulnerabilityPeriod"][];
            /** @description Whether there are others after these */
            more: boolean;
        };
        SpecialFile: {
            capabilities?: string[];
            /** Format: int64 */
            gid: number;
            kinds: string[];
            /** Format: int64 */
            layer: number;
            mode: string;
            path: string;
            /** Format: int64 */
            uid: number;
        };
        Standing: {
            /**
             * Format: int64
             * @description Of these, images whose pull is refused for what was found
             */
            blocked: number;
            /**
             * Format: int64
             * @description Images with a report and no vulnerabilities
             */
            clean: number;
            /** Format: int64 */
            images: number;
            /**
             * Format: int64
             * @description Of these, images with a report
             */
            reported: number;
            /** @description Images with vulnerabilities, by their worst one */
            worst: components["schemas"]["SeverityCounts"];
        };
        Statement: {
            /**
             * Format: int64
             * @description Of these, those beyond the discount step
             */
            discounted: number;
            /**
             * Format: int64
             * @description Of these, those of the free quota
             */
            free: number;
            /**
             * Format: int64
             * @description Of these, those at the full price
             */
            full: number;
            /** @example 2026-09 */
            month: string;
            namespaces: components["schemas"]["Usage"][];
            /**
             * Format: int64
             * @description Scans that succeeded
             */
            scans: number;
        };
        Statistics: {
            /** Format: int64 */
            artifacts: number;
            /** Format: int64 */
            namespaces: number;
            /** Format: int64 */
            repositories: number;
            /** Format: int64 */
            scansPending: number;
            /** Format: int64 */
            scansRunning: number;
        };
        Summary: {
            /** Format: int64 */
            application: number;
            bySeverity: {
                [key: string]: number;
            };
            findings: components["schemas"]["FindingSummary"];
            /** Format: int64 */
            fixable: number;
            /** Format: int64 */
            ignored?: number;
            severity: string;
            /** Format: int64 */
            system: number;
            /** Format: int64 */
            total: number;
            /** Format: int64 */
            whitelisted?: number;
        };
        Target: {
            /** @example team */
            namespace: string;
            /** @description A digest, or a tag, which stands for the artifact it names now; absent for a whole repository */
            reference?: string;
            /**
             * @description Absent for a whole namespace
             * @example backend/api
             */
            repository?: string;
        };
        Usage: {
            instance: string;
            namespace: string;
            /** Format: int64 */
            scans: number;
        };
        VEXStatement: {
            action: string;
            author: string;
            document?: string;
            expires?: string;
            /** Format: int64 */
            findings: number;
            key?: string;
            package?: string;
            reason?: string;
            status: string;
            verified: boolean;
            vulnerability: string;
        };
        Verdict: {
            /**
             * Format: date-time
             * @description The earliest time the decision can change by itself
             */
            changesAt?: string;
            /**
             * @description "unknown" lets nothing pass either
             * @enum {string}
             */
            decision: "allow" | "block" | "unknown";
            /**
             * Format: int64
             * @description For how long a pull waits for the end of the scan before it is refused
             */
            holdSeconds?: number;
            /**
             * @description Of an index or a chart: the decision about its images that lets the least pass
             * @enum {string}
             */
            members?: "allow" | "block" | "unknown";
            /** @description What a client that is refused is told, or would be if wouldRefuse */
            message?: string;
            /**
             * @description Why, machine-readable
             * @example vulnerable
             */
            reason: string;
            /**
             * Format: int64
             * @description Vulnerabilities that neither the allowlist nor an exception nor a grace exempts
             */
            remaining: number;
            /** @description The worst of them; absent if there are none */
            severity?: string;
            /** @description True if it passes only because the namespace reports and refuses nothing; reason and message are those of the refusal */
            wouldRefuse?: boolean;
        };
        VerdictChange: {
            /** @enum {string} */
            after: "allow" | "block" | "unknown";
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            before: "allow" | "block" | "unknown";
            /** @description What made it change: scan, policy, expiry, … */
            cause: string;
            /** Format: int64 */
            id: number;
            /** @description Of the verdict after it */
            reason: string;
            /**
             * Format: int64
             * @description Vulnerabilities that count, after it
             */
            remaining: number;
            /** Format: int64 */
            scan: number;
            /** @description The worst of them */
            severity: string;
        };
        Vulnerability: {
            aliases?: string[];
            category: string;
            cvss?: components["schemas"]["CVSS"][];
            cwes?: string[];
            details?: string;
            epss?: components["schemas"]["EPSS"];
            findingId: string;
            fixState: string;
            fixedVersion?: string;
            handling?: components["schemas"]["Handling"];
            id: string;
            kev?: components["schemas"]["KEV"];
            locations: components["schemas"]["Location"][];
            modified?: string;
            origin?: string;
            package: string;
            published?: string;
            purl?: string;
            references?: string[];
            severity: string;
            severitySource?: string;
            solution: string;
            source?: string;
            title?: string;
            type: string;
            version: string;
        };
        VulnerabilityPeriod: {
            digest: string;
            fixedVersion?: string;
            namespace: string;
            /** @description The first by name of those that it had it by */
            package: string;
            /**
             * Format: int64
             * @description How many these were
             */
            packages: number;
            repository: string;
            severity: string;
            /**
             * Format: date-time
             * @description When the image had it first, or it became known
             */
            since: string;
            tags: string[];
            /**
             * Format: date-time
             * @description From when on no advisory said so any more; missing while one does
             */
            until?: string;
        };
        WastedFile: {
            /** Format: int64 */
            by: number;
            hidden: string;
            /** Format: int64 */
            layer: number;
            path: string;
            /** Format: int64 */
            size: number;
        };
        WeakPassword: {
            changed?: string;
            config?: string;
            hidden?: string;
            how: string;
            /** Format: int64 */
            layer?: number;
            /** Format: int64 */
            line?: number;
            masked?: string;
            path?: string;
            scheme: string;
            service: string;
            user?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getOwnAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeOwnPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OwnPasswordChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAccounts: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createAccount: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountCreated"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeAccount: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccountChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: {
                /** @description The password that is made must be changed at its first use, and opens nothing before */
                oneTime?: boolean;
            };
            header?: never;
            path: {
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordChanged"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAdvisories: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListAdvisoryInfo"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateAdvisories: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdvisoryFetch"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description Only what this account did */
                actor?: string;
                /** @description Only from there */
                address?: string;
                /** @description Only this action */
                action?: string;
                /** @description Only what was done to this namespace */
                namespace?: string;
                result?: "done" | "denied" | "failed";
                /** @description Only from then on */
                since?: string;
                /** @description Only before */
                until?: string;
                /** @description The "next" of the page before */
                before?: number;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestAuditEntry"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportAudit: {
        parameters: {
            query?: {
                /** @description Only what this account did */
                actor?: string;
                /** @description Only from there */
                address?: string;
                /** @description Only this action */
                action?: string;
                /** @description Only what was done to this namespace */
                namespace?: string;
                result?: "done" | "denied" | "failed";
                /** @description Only from then on */
                since?: string;
                /** @description Only before */
                until?: string;
                format?: "csv" | "jsonl";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBatches: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                before?: number;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestBatch"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startBatch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchStart"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewBatch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BatchStart"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchPreview"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the batch */
                batch: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBatchImages: {
        parameters: {
            query?: {
                /** @description Only those in this state */
                state?: "waiting" | "scanning" | "success" | "failed" | "stopped";
                /** @description The "next" of the page before */
                after?: number;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the batch */
                batch: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestBatchImage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopBatch: {
        parameters: {
            query?: {
                /** @description Stop the scans that run as well */
                running?: boolean;
            };
            header?: never;
            path: {
                /** @description Id of the batch */
                batch: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listCredentials: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
                /** @description Only those of this account */
                account?: string;
                /** @description Those of all accounts */
                all?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListCredential"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createCredential: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CredentialCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CredentialCreated"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteCredential: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the credential */
                credential: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeCredential: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the credential */
                credential: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CredentialChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Credential"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDashboard: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Only of these kinds */
                kind?: ("scan.waiting" | "scan.running" | "scan.progress" | "scan.done" | "scan.failed" | "verdict.changed" | "pull.blocked" | "pull.reported" | "pull.exempted" | "vulnerability.new" | "statements.changed" | "batch.done")[];
                /** @description Only about this namespace */
                namespace?: string;
                /** @description Only about this repository of the namespace */
                repository?: string;
                /** @description Only about this artifact */
                digest?: string;
                /** @description Only about this scan */
                scan?: number;
                /** @description The "next" of the page before */
                before?: number;
                /** @description Entries per page */
                limit?: number;
                /** @description Only what happened from then on */
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestEvent"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /** @description Only of these kinds */
                kind?: ("scan.waiting" | "scan.running" | "scan.progress" | "scan.done" | "scan.failed" | "verdict.changed" | "pull.blocked" | "pull.reported" | "pull.exempted" | "vulnerability.new" | "statements.changed" | "batch.done")[];
                /** @description Only about this namespace */
                namespace?: string;
                /** @description Only about this repository of the namespace */
                repository?: string;
                /** @description Only about this artifact */
                digest?: string;
                /** @description Only about this scan */
                scan?: number;
                /** @description Id of the event to go on after; 0 for all that are kept */
                after?: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listExceptions: {
        parameters: {
            query?: {
                /** @description Only this one */
                exception?: number;
                /** @description Only what holds for something in this namespace */
                namespace?: string;
                /** @description Only what holds for something in this repository of the namespace */
                repository?: string;
                /** @description Only what holds for this artifact of the repository */
                digest?: string;
                /** @description Only what names this vulnerability */
                vulnerability?: string;
                /** @description Only what names this finding */
                finding?: string;
                /** @description Only what names this rule */
                rule?: string;
                /** @description Only what names this category */
                category?: "system-vulnerability" | "application-vulnerability" | "malicious-file" | "software" | "files" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                action?: "ignore" | "whitelist";
                /** @description Only those in this state */
                state?: "active" | "expired" | "removed";
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListException"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createException: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExceptionCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listExceptionHistory: {
        parameters: {
            query?: {
                /** @description Only this one */
                exception?: number;
                /** @description Only what holds for something in this namespace */
                namespace?: string;
                /** @description Only what holds for something in this repository of the namespace */
                repository?: string;
                /** @description Only what holds for this artifact of the repository */
                digest?: string;
                /** @description Only what names this vulnerability */
                vulnerability?: string;
                /** @description Only what names this finding */
                finding?: string;
                /** @description Only what names this rule */
                rule?: string;
                /** @description Only what names this category */
                category?: "system-vulnerability" | "application-vulnerability" | "malicious-file" | "software" | "files" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                action?: "ignore" | "whitelist";
                /** @description Only those in this state */
                state?: "active" | "expired" | "removed";
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListExceptionEvent"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportExceptions: {
        parameters: {
            query?: {
                /** @description Only this one */
                exception?: number;
                /** @description Only what holds for something in this namespace */
                namespace?: string;
                /** @description Only what holds for something in this repository of the namespace */
                repository?: string;
                /** @description Only what holds for this artifact of the repository */
                digest?: string;
                /** @description Only what names this vulnerability */
                vulnerability?: string;
                /** @description Only what names this finding */
                finding?: string;
                /** @description Only what names this rule */
                rule?: string;
                /** @description Only what names this category */
                category?: "system-vulnerability" | "application-vulnerability" | "malicious-file" | "software" | "files" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                action?: "ignore" | "whitelist";
                /** @description Only those in this state */
                state?: "active" | "expired" | "removed";
                /** @description Host, perhaps with port, to stand before the names of repositories, as scanners expect it */
                registry?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    importExceptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description An OpenVEX 0.2.0 document */
        requestBody: {
            content: {
                "application/json": string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExceptionImport"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getException: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the exception */
                exception: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeException: {
        parameters: {
            query?: {
                /** @description Why, for the history */
                reason?: string;
            };
            header?: never;
            path: {
                /** @description Id of the exception */
                exception: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeException: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the exception */
                exception: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExceptionChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGate"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setGate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the gate */
                gate: "scanning" | "registry-access" | "authorization" | "feature";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GateChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGate"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGroups: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListGroup"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createGroup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteGroup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the group */
                group: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the group */
                group: string;
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the group */
                group: string;
                /** @description Name of the account */
                account: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getInfo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Info"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getJudging: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Judging"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatement: {
        parameters: {
            query?: {
                /** @description The month, in UTC; the current one if absent */
                month?: string;
                /** @description Form of the statement */
                format?: "json" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The statement */
            200: {
                headers: {
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statement"];
                    "text/csv": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNamespaces: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListNamespace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createNamespace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamespaceCreate"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getNamespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    updateNamespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamespaceChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteNamespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patchNamespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamespaceChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Namespace"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamespaceChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPreview"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRepositories: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRepository"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteRepository: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listArtifacts: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListArtifact"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDifference: {
        parameters: {
            query?: {
                /** @description Namespace of the earlier image; the same by default */
                fromNamespace?: string;
                /** @description Repository of the earlier image; the same by default */
                fromRepository?: string;
                /** @description Tag or digest of the earlier image; by default the one that was pushed before */
                from?: string;
                /** @description Compare the image with itself, as its report was at this time */
                since?: string;
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Difference"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFiles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileSummary"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFindings: {
        parameters: {
            query?: {
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                /** @description Only of this severity or higher */
                severity?: "unknown" | "negligible" | "low" | "medium" | "high" | "critical";
                /** @description Only with this in an id, title, package, version, path or rule */
                q?: string;
                /** @description Only what came with the base image, or only what is the image's own */
                origin?: "base" | "own";
                /** @description Only what nobody decided to ignore, or only what somebody did */
                handling?: "open" | "ignored";
                /** @description Only in this layer, from 0; -1 is the configuration, -2 all */
                layer?: number;
                /** @description Only where a path contains this */
                path?: string;
                /** @description Only about packages whose name contains this */
                package?: string;
                /** @description Only of this category */
                category?: "malicious-file" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                /** @description Only found by this rule */
                rule?: string;
                /** @description By severity the highest come first */
                sort?: "severity" | "title" | "path";
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartFinding"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOverview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPackages: {
        parameters: {
            query?: {
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                /** @description Only packages whose name contains this */
                package?: string;
                /** @description Only with this in name, version, licence, supplier or path */
                q?: string;
                /** @description Only packages of this type: deb, npm, maven, … */
                type?: string;
                /** @description Only of this layer, from 0; -2 is all */
                layer?: number;
                /** @description Only packages with vulnerabilities */
                vulnerable?: boolean;
                sort?: "name" | "vulnerabilities";
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartPackage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReport: {
        parameters: {
            query?: {
                /** @description Form of the report */
                format?: "json" | "table" | "html" | "sarif" | "cyclonedx" | "spdx" | "csv";
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    "Content-Disposition"?: string;
                    "Content-Security-Policy"?: string;
                    "Content-Type"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                    "application/sarif+json": string;
                    "application/spdx+json": string;
                    "application/vnd.cyclonedx+json; version=1.6": string;
                    "text/csv; charset=utf-8; header=present": string;
                    "text/html; charset=utf-8": string;
                    "text/plain; charset=utf-8": string;
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLatestScan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestScan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listScans: {
        parameters: {
            query?: {
                /** @description Scans to return */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListScan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteTag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
                /** @description A tag of the artifact */
                tag: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getVerdict: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Verdict"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVerdictChanges: {
        parameters: {
            query?: {
                /** @description The "next" of the page before */
                before?: number;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LatestVerdictChange"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVulnerabilities: {
        parameters: {
            query?: {
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                /** @description Only of this severity or higher */
                severity?: "unknown" | "negligible" | "low" | "medium" | "high" | "critical";
                /** @description Only with this in an id, title, package, version, path or rule */
                q?: string;
                /** @description Only what came with the base image, or only what is the image's own */
                origin?: "base" | "own";
                /** @description Only what nobody decided to ignore, or only what somebody did */
                handling?: "open" | "ignored";
                /** @description Only in this layer, from 0; -1 is the configuration, -2 all */
                layer?: number;
                /** @description Only where a path contains this */
                path?: string;
                /** @description Only about packages whose name contains this */
                package?: string;
                /** @description Only of this category */
                category?: "system-vulnerability" | "application-vulnerability";
                /** @description Only with a fixed version */
                fixable?: boolean;
                /** @description By severity and EPSS the highest come first */
                sort?: "severity" | "id" | "package" | "epss";
            };
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the repository within its namespace; a "/" in it is sent as %2F or %252F */
                repository: string;
                /** @description A tag or a digest */
                reference: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PartVulnerability"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNamespaceRoles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRoleGrant"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grantNamespaceRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                kind: "accounts" | "groups";
                /** @description Name of the account or group */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeNamespaceRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                kind: "accounts" | "groups";
                /** @description Name of the account or group */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rules"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRuleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the file */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleFileContent"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putRuleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the file */
                file: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RuleFileContent"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteRuleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the namespace */
                namespace: string;
                /** @description Name of the file */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAllRepositories: {
        parameters: {
            query?: {
                /** @description Only with this in NAMESPACE/REPOSITORY */
                q?: string;
                /** @description The "next" of the page before */
                after?: string;
                /** @description Entries per page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRepositorySummary"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRiskFindings: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                category?: "malicious-file" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                /** @description Only of this severity or higher */
                severity?: "unknown" | "negligible" | "low" | "medium" | "high" | "critical";
                /** @description Only with this in the rule's name or title */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountedRiskFinding"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFoundImages: {
        parameters: {
            query: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description The "next" of the page before */
                after?: string;
                /** @description Images per page */
                limit?: number;
                category: "malicious-file" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                rule: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListFoundImage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRiskRule: {
        parameters: {
            query: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                category: "malicious-file" | "unsafe-setting" | "weak-password" | "sensitive-information" | "software-compliance" | "base-image";
                rule: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RiskRule"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRiskPackages: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                /** @description Only with this in the name */
                q?: string;
                /** @description Only of this type: deb, npm, maven, … */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountedRiskPackage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPackageImages: {
        parameters: {
            query: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description The "next" of the page before */
                after?: string;
                /** @description Images per page */
                limit?: number;
                /** @description Name of the package */
                package: string;
                /** @description Only of this version */
                version?: string;
                /** @description Only of this type: deb, npm, maven, … */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListPackageImage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRiskVulnerabilities: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
                /** @description Only of this severity or higher */
                severity?: "unknown" | "negligible" | "low" | "medium" | "high" | "critical";
                /** @description Only with this in the id or in a package's name */
                q?: string;
                /** @description Only with a fixed version for a package, or with none for any */
                fixable?: "yes" | "no";
                /** @description Only those known to be exploited */
                exploited?: boolean;
                /** @description What comes first: the worst, those of the most images, the likeliest to be exploited, the newest here, or the first by id */
                sort?: "severity" | "images" | "epss" | "since" | "id";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CountedRiskVulnerability"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRiskVulnerability: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its id, as reports have it */
                vulnerability: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vulnerability"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVulnerabilityHistory: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description Entries to leave out */
                offset?: number;
                /** @description Entries to return */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Its id, as reports have it */
                vulnerability: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SomeVulnerabilityPeriod"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVulnerableImages: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description The "next" of the page before */
                after?: string;
                /** @description Images per page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Its id, as reports have it */
                vulnerability: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListPackageImage"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRoles: {
        parameters: {
            query?: {
                /** @description In all instances, and over accounts, rather than in this instance */
                everywhere?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListRoleGrant"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grantRole: {
        parameters: {
            query?: {
                /** @description In all instances, and over accounts, rather than in this instance */
                everywhere?: boolean;
            };
            header?: never;
            path: {
                kind: "accounts" | "groups";
                /** @description Name of the account or group */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeRole: {
        parameters: {
            query?: {
                /** @description In all instances, and over accounts, rather than in this instance */
                everywhere?: boolean;
            };
            header?: never;
            path: {
                kind: "accounts" | "groups";
                /** @description Name of the account or group */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getServerRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerRules"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getServerRuleFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the file */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerRuleContent"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listActiveScans: {
        parameters: {
            query?: {
                /** @description Only images of this namespace */
                namespace?: string;
                /** @description Only images of this repository of the namespace */
                repository?: string;
                /** @description Scans to list */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListActiveScan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getScan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the scan */
                scan: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopScan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the scan */
                scan: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Scan"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSchedules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListSchedule"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the schedule */
                schedule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the schedule */
                schedule: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScheduleSet"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSchedule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the schedule */
                schedule: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnAccount"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListSession"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the session, as listed */
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SettingsChange"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Settings"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
            /** @description Error */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
