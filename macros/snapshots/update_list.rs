#[derive(::graph_action::serde::Serialize)]
#[serde(crate = "::graph_action::serde", rename_all = "camelCase")]
#[serde(deny_unknown_fields)]
struct UpdateList<'a, T: Clone, const N: usize>
where
    T: Send,
{
    #[serde(skip_serializing)]
    user_id: &'a str,
    #[serde(skip_serializing_if = "::core::option::Option::is_none")]
    r#type: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "Kind")]
    kind: Option<[u8; N]>,
}
#[automatically_derived]
impl<'a, T: Clone, const N: usize> ::graph_action::__private::Action
for UpdateList<'a, T, N>
where
    T: Send,
{
    const DECLARATION: &'static ::graph_action::__private::Declaration = &::graph_action::__private::Declaration {
        method: ::graph_action::__private::Method::PATCH,
        path: "/users/<user_id>/todo/lists/<r_list>",
        version: ::graph_action::__private::ApiVersion::V1,
        permissions: ::graph_action::__private::Permissions {
            delegated: &["Tasks.ReadWrite"],
            personal: &["Tasks.ReadWrite"],
            application: &[],
        },
        is_idempotent: false,
    };
    type Response = Collection<T>;
}
impl<'a, T: Clone, const N: usize> UpdateList<'a, T, N>
where
    T: Send,
{
    /**Prepares `PATCH /users/<user_id>/todo/lists/<r_list>`, version `v1.0`.

| caller | one of these permissions, least privileged first |
| --- | --- |
| delegated, work or school account | `Tasks.ReadWrite` |
| delegated, personal Microsoft account | `Tasks.ReadWrite` |
| application | not supported |*/
    fn request(
        &self,
        r_list: impl ::graph_action::__private::PathValue,
    ) -> ::graph_action::__private::Request<Self>
    where
        Self: ::graph_action::serde::Serialize,
    {
        ::graph_action::__private::request(
            &[
                ::graph_action::__private::Part::Text("/users/"),
                ::graph_action::__private::Part::Value("user_id", &self.user_id),
                ::graph_action::__private::Part::Text("/todo/lists/"),
                ::graph_action::__private::Part::Value("r_list", &r_list),
            ],
            ::graph_action::__private::Payload::json(self),
        )
    }
}
