"""A small certificate authority for webhook servers: it founds, renews and rotates itself, and no request fails.

A server needs one object, a `certs.ports.Source`, with three methods:

    source = keeper.Keeper(store, hosts=["desk.example.svc"])   # or files.Files(...), when cert-manager mounts them
    context = await source.context()                # a live ssl.SSLContext with a certificate in it
    group.create_task(source.run())                 # renews, rotates, injects, until cancelled
    source.why_not_ready()                          # None, or a sentence for the readiness probe

Imports nothing else of the project.
"""
