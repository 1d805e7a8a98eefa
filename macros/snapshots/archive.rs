struct Archive<'a, const N: usize> {
    note: &'a [u8; N],
    due: Option<&'a str>,
    by: Nullable<String>,
}
#[automatically_derived]
impl<'a, const N: usize> ::graph_action::__private::Serialize for Archive<'a, N> {
    fn serialize<__S: ::graph_action::__private::Serializer>(
        &self,
        __serializer: __S,
    ) -> ::graph_action::__private::Serialized<__S> {
        ::graph_action::__private::properties(__serializer)
            .with("note", &self.note)
            .with_optional("due", &self.due)
            .with_optional("by", &self.by)
            .end()
    }
}
#[automatically_derived]
impl<'a, const N: usize> ::graph_action::__private::Action for Archive<'a, N> {
    const DECLARATION: &'static ::graph_action::__private::Declaration = &::graph_action::__private::Declaration {
        method: ::graph_action::__private::Method::POST,
        path: "/teams/<id>/archive",
        version: ::graph_action::__private::ApiVersion::V1,
        permissions: ::graph_action::__private::scope(&["Team.ReadWrite.All"]),
        is_idempotent: false,
    };
    type Response = ();
}
impl<'a, const N: usize> Archive<'a, N> {
    /**Prepares `POST /teams/<id>/archive`, version `v1.0`.

| caller | one of these permissions, least privileged first |
| --- | --- |
| delegated, work or school account | `Team.ReadWrite.All` |
| delegated, personal Microsoft account | not supported |
| application | `Team.ReadWrite.All` |*/
    fn request(
        &self,
        id: impl ::graph_action::__private::PathValue,
    ) -> ::graph_action::__private::Request<Archive<'static, N>> {
        ::graph_action::__private::request(
            &[
                ::graph_action::__private::Part::Text("/teams/"),
                ::graph_action::__private::Part::Value("id", &id),
                ::graph_action::__private::Part::Text("/archive"),
            ],
            ::graph_action::__private::Payload::json(self),
        )
    }
}
