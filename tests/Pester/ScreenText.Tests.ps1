# What an image says about itself reaches the screen without a character that could move the cursor, colour it or reorder a line.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    $payloads = @(
        "`e[31mred", "`e[2J", "`e[?25l", "`e]0;title`a", "`e]8;;x:example`e\link`e]8;;`e\", "`e]52;c;aGVsbG8=`a", "`ePq`e\", "`ec", "`e(0", "`e#8", "`e7", "`e[6n"
        "$([char]0x9b)31m", "$([char]0x9d)0;t$([char]0x9c)", "$([char]0x90)q", "$([char]0x85)", "$([char]0x84)", "$([char]0x98)"
        "`b`b`b", "`rover", "`nline", "`v", "`f", "$([char]0x7f)", "$([char]5)", "$([char]0xe)", "$([char]0xf)", "$([char]0x13)", "$([char]0x18)", "$([char]0x1a)", "$([char]1)"
        "$([char]0x202e)txt.exe", "$([char]0x202a)x", "$([char]0x202d)x", "$([char]0x2066)x", "$([char]0x2067)x", "$([char]0x2068)x", "$([char]0x2069)", "$([char]0x200e)", "$([char]0x200f)"
        "$([char]0x61c)", "$([char]0x2028)", "$([char]0x2029)", "$([char]0xfeff)", "$([char]0xfff9)x"
    )
    $unsafe = [regex]'[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]|\r(?!\n)'

    function Add-Blob([string] $Blobs, [string] $Type, [byte[]] $Bytes, [hashtable] $More = @{}) {
        $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant()
        [IO.File]::WriteAllBytes((Join-Path $Blobs $hash), $Bytes)
        @{ mediaType = "application/vnd.oci.image.$Type"; digest = "sha256:$hash"; size = $Bytes.Length } + $More
    }

    function ConvertTo-Bytes($Document) { , [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $Document -Depth 9)) }

    # A layout whose two images carry the text in every field that is shown.
    function New-TalkingLayout([string] $Text) {
        $layout = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        $blobs = (New-Item -ItemType Directory (Join-Path $layout 'blobs' 'sha256')).FullName
        $entries = foreach ($name in 'one', 'two') {
            $memory = [IO.MemoryStream]::new()
            $writer = [Formats.Tar.TarWriter]::new($memory, [Formats.Tar.TarEntryFormat]::Pax, $false)
            $writer.WriteEntry([Formats.Tar.PaxTarEntry]::new('RegularFile', "$name-$Text"))
            $link = [Formats.Tar.PaxTarEntry]::new('SymbolicLink', "link-$name")
            $link.LinkName = "to-$Text"
            $writer.WriteEntry($link)
            $writer.Dispose()
            $layer = Add-Blob $blobs layer.v1.tar $memory.ToArray()
            $config = Add-Blob $blobs config.v1+json (ConvertTo-Bytes ([ordered]@{
                        os = 'linux'; architecture = 'amd64'; author = "$name $Text"; rootfs = @{ type = 'layers'; diff_ids = @($layer.digest) }
                        config = @{
                            User = "$name$Text"; Env = @("PATH=$name$Text"); Labels = @{ "key$Text" = "value$name$Text" }; Entrypoint = @("run$Text"); Cmd = @("$name$Text"); WorkingDir = "/$Text"
                            StopSignal = "S$Text"; Volumes = @{ "/v$Text" = @{} }; Shell = @("sh$Text"); Healthcheck = @{ Test = @('CMD', "check$Text") }
                        }
                        history = @(@{ created_by = "made $name $Text"; comment = "comment $Text"; author = "by $Text" })
                    }))
            $manifest = ConvertTo-Bytes @{ schemaVersion = 2; config = $config; layers = @($layer); annotations = @{ "a$Text" = "b$Text" } }
            Add-Blob $blobs manifest.v1+json $manifest @{ annotations = @{ 'org.opencontainers.image.ref.name' = $name; 'io.containerd.image.name' = "example.com/$name" } }
        }
        [IO.File]::WriteAllText((Join-Path $layout 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
        [IO.File]::WriteAllBytes((Join-Path $layout 'index.json'), (ConvertTo-Bytes @{ schemaVersion = 2; manifests = @($entries) }))
        $layout
    }

    function Get-Screen([string] $Layout, [string] $Text) {
        $one = "oci:${Layout}:one"
        $views = [ordered]@{
            manifest = { Get-ImageManifest $one }; config = { Get-ImageConfig $one }; history = { Get-ImageHistory $one }; layer = { Get-ImageLayer $one }; size = { Get-LayerSize $one }
            digest = { Get-ImageDigest $one -Detailed }; image = { Get-Image -LiteralPath $Layout }; file = { Get-ImageFile $one }; tag = { Get-ImageTag $one -Detailed }; compare = { Compare-Image $one "oci:${Layout}:two" }
        }
        foreach ($name in $views.Keys) {
            $objects = & $views[$name]
            @{ Name = "$name table"; Text = $objects | Format-Table | Out-String -Width 200 }
            @{ Name = "$name default"; Text = $objects | Out-String -Width 200 }
        }
        foreach ($name in 'manifest', 'config', 'history', 'file', 'tag', 'compare') { @{ Name = "$name list"; Text = & $views[$name] | Format-List | Out-String -Width 200 } }
        foreach ($fault in { Get-ImageContent $one "/none$Text" }, { Get-ImageDigest "oci:${Layout}:none$Text" }, { Get-ImageContent $one "/link-one" }) {
            try { $null = & $fault; $errors = 'nothing failed' } catch { $errors = $_ }
            @{ Name = "error of $fault"; Text = $errors | Out-String -Width 200 }
        }
    }
}

Describe 'Text from images on the screen' {
    It 'has no control character in any view or message, and is intact in the objects' {
        $PSStyle.OutputRendering = 'Ansi'
        foreach ($name in 'TableHeader', 'FormatAccent', 'Error', 'ErrorAccent', 'CustomTableHeaderLabel') { $PSStyle.Formatting.$name = $PSStyle.Foreground.Red }
        # what PowerShell itself writes around headers and messages
        $own = [regex]'\e\[[0-9;]*m'
        $tried = 0
        $failures = foreach ($payload in $payloads) {
            $layout = New-TalkingLayout $payload
            foreach ($screen in Get-Screen $layout $payload) {
                $tried++
                # a colour that the text brought would go with PowerShell's own, so it is looked for by what follows it
                $text = $screen.Text.Replace("`e[31mred", 'COLOUR')
                $left = $own.Replace($text, '')
                if ($text -match 'COLOUR' -or $unsafe.IsMatch($left)) { "$($screen.Name): $([BitConverter]::ToString([Text.Encoding]::UTF8.GetBytes($payload)))" }
            }
            $config = Get-ImageConfig "oci:${layout}:one"
            $file = Get-ImageFile "oci:${layout}:one" -LiteralFilePath "/one-$payload"
            if ($config.Labels["key$payload"] -cne "valueone$payload" -or $config.Cmd[0] -cne "one$payload" -or $file.FilePath -cne "/one-$payload") { "objects: $payload" }
            Remove-Item -Recurse -LiteralPath $layout
        }
        Write-Host "A12: tried $tried, held $($tried - @($failures).Count)"
        $payloads.Count | Should -BeGreaterOrEqual 40
        $failures | Should -BeNullOrEmpty
    }
}
