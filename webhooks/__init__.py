"""The admission door: the rules of the desk for whoever writes to the API server, by whatever tool.

`review` speaks AdmissionReview, `policies/` and `defaults/` decide (pure), `facts` says what they may ask for,
`app` serves. Nothing here keeps state: what must be remembered is in the tenants' ledgers.
"""
